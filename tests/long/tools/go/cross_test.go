package cross

import (
	"os/exec"
	"runtime"
	"sync"
	"testing"
)

func TestArch(t *testing.T) {
	t.Log("GOARCH is", runtime.GOARCH)
}

func TestGoroutines(t *testing.T) {
	var w sync.WaitGroup
	for i := 0; i < 1000; i++ {
		w.Add(1)
		go func() {
			runtime.Gosched()
			w.Done()
		}()
	}
	w.Wait()
}

func TestExec(t *testing.T) {
	out, err := exec.Command("/bin/echo", "hello").Output()
	if err != nil || string(out) != "hello\n" {
		t.Fatal(err, string(out))
	}
}
