fn main() {
    println!("{} {:?}", cross::arch(), std::env::args().skip(1).collect::<Vec<_>>());
}
