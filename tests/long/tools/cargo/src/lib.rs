pub fn arch() -> &'static str {
    std::env::consts::ARCH
}

#[test]
fn threads() {
    let v: Vec<_> = (0..32u64).map(|i| std::thread::spawn(move || i * i)).collect();
    assert_eq!(v.into_iter().map(|t| t.join().unwrap()).sum::<u64>(), 10416);
}

#[test]
#[should_panic]
fn panics() {
    panic!("as it should");
}
