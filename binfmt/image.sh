#!/bin/sh
# Make a container image of the runners, as an OCI archive, without a daemon.
#
# An image is a tar file of JSON and layers that name each other by SHA-256
# (github.com/opencontainers/image-spec: image-layout.md, manifest.md, config.md).  Here it is one
# layer with the static binaries and one configuration; manifest.json at the end is for versions of
# `docker load` older than the OCI layout.  The same input makes the same bytes: names are
# sorted, owners are 0, and every time is SOURCE_DATE_EPOCH (0 if unset).
#
# Usage: binfmt/image.sh OUTPUT VERSION BINARY...
# Uses tar (GNU), gzip, sha256sum; STRIP= leaves debug information in.

set -eu

output=$1 version=$2
shift 2
epoch=${SOURCE_DATE_EPOCH:-0}
created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
work=$(mktemp -d "${TMPDIR:-/tmp}/dragoman-image-XXXXXX")
trap 'rm -rf "$work"' EXIT

# The platform of the machine that the binaries are for, in the image's own words.
case $(uname -m) in
x86_64)		platform=amd64 ;;
aarch64)	platform=arm64 ;;
*)		platform=$(uname -m) ;;
esac

archive() {
	tar --format=ustar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" "$@"
}

# Moves a file to where its digest says; prints the digest.
blob() {
	digest=$(sha256sum "$1" | cut -d ' ' -f 1)
	mv "$1" "$work/image/blobs/sha256/$digest"
	printf '%s' "$digest"
}

size() {
	stat -c %s "$work/image/blobs/sha256/$1"
}

mkdir -p "$work/root/usr/bin" "$work/root/usr/share/doc/dragoman" "$work/image/blobs/sha256"
for binary; do
	install -m 755 "$binary" "$work/root/usr/bin"
	${STRIP-strip} "$work/root/usr/bin/${binary##*/}"
done
install -m 644 "$(dirname "$0")/../LICENSE" "$work/root/usr/share/doc/dragoman"
chmod -R go=u-w "$work/root"

archive -C "$work/root" -cf "$work/layer.tar" usr
diff_id=$(sha256sum "$work/layer.tar" | cut -d ' ' -f 1)
gzip -9 -n "$work/layer.tar"
layer=$(blob "$work/layer.tar.gz")

cat > "$work/config" << END
{
  "created": "$created",
  "architecture": "$platform",
  "os": "linux",
  "config": {
    "Env": ["PATH=/usr/bin"],
    "Entrypoint": ["/usr/bin/dragoman-binfmt", "image"],
    "WorkingDir": "/",
    "Labels": {
      "org.opencontainers.image.title": "Dragoman",
      "org.opencontainers.image.version": "$version",
      "org.opencontainers.image.licenses": "MIT"
    }
  },
  "rootfs": {"type": "layers", "diff_ids": ["sha256:$diff_id"]},
  "history": [{"created": "$created", "created_by": "binfmt/image.sh"}]
}
END
config=$(blob "$work/config")

cat > "$work/manifest" << END
{
  "schemaVersion": 2,
  "mediaType": "application/vnd.oci.image.manifest.v1+json",
  "config": {
    "mediaType": "application/vnd.oci.image.config.v1+json",
    "digest": "sha256:$config",
    "size": $(size "$config")
  },
  "layers": [
    {
      "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
      "digest": "sha256:$layer",
      "size": $(size "$layer")
    }
  ]
}
END
manifest=$(blob "$work/manifest")

cat > "$work/image/index.json" << END
{
  "schemaVersion": 2,
  "mediaType": "application/vnd.oci.image.index.v1+json",
  "manifests": [
    {
      "mediaType": "application/vnd.oci.image.manifest.v1+json",
      "digest": "sha256:$manifest",
      "size": $(size "$manifest"),
      "annotations": {
        "io.containerd.image.name": "docker.io/library/dragoman:$version",
        "org.opencontainers.image.ref.name": "$version"
      },
      "platform": {"architecture": "$platform", "os": "linux"}
    }
  ]
}
END
printf '{"imageLayoutVersion": "1.0.0"}' > "$work/image/oci-layout"
cat > "$work/image/manifest.json" << END
[{"Config": "blobs/sha256/$config", "RepoTags": ["dragoman:$version"], "Layers": ["blobs/sha256/$layer"]}]
END

chmod -R go=u-w "$work/image"
archive -C "$work/image" -cf "$work/image.tar" oci-layout index.json manifest.json blobs
mv "$work/image.tar" "$output"
