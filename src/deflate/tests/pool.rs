//! Tests of what connections share.

use alloc::vec::Vec;

use super::super::inflater::{Held, Inflater};
use super::super::params::WindowBits;
use super::super::settings::Deflate;
use super::material::Random;

#[test]
fn any_setting_is_taken_as_the_nearest_one() {
    let mut settings = Deflate::default();
    let json = Random(12).json(2000);
    for value in [0, 1, 5, 9, 10, 255] {
        (settings.level, settings.memory_level) = (value, value);
        let mut compressor = settings.compressor(WindowBits::MAX);
        let nearest = value.clamp(1, 9);
        assert_eq!(compressor.kind(), (15, nearest, nearest));
        assert!(compressor.compress(&json).is_some());
    }
}

#[test]
fn a_compressor_of_the_pool_remembers_nothing() {
    let mut settings = Deflate::default();
    let mut random = Random(13);
    let json = random.json(3000);
    let mut compressor = settings.compressor(WindowBits::MAX);
    let fresh = compressor.memory_usage();
    let first = compressor.compress(&json).unwrap().to_vec();
    assert!(compressor.fragment(&random.bytes(300_000), true).len() > 300_000);
    settings.give_back(compressor);

    // One of another level is another one.
    settings.level = 9;
    assert_eq!(settings.compressor(WindowBits::MAX).kind(), (15, 9, 8));
    settings.level = 3;
    let mut compressor = settings.clone().compressor(WindowBits::MAX);
    assert_eq!(compressor.memory_usage(), fresh, "without its buffer");
    assert_eq!(compressor.compress(&json).unwrap(), first);
}

#[test]
fn inflaters_that_are_held_are_counted() {
    let mut settings = Deflate::default();
    settings.max_inflaters = 3;
    let clone = settings.clone();
    let held = |settings: &Deflate| Held::new(Inflater::start(&[]), settings);
    let mut all: Vec<Held> = (0..3).map(|_| held(&settings).unwrap()).collect();
    assert!(held(&clone).is_none());
    assert!(held(&settings).is_none());
    drop(all.pop());
    all.push(held(&clone).unwrap());
    assert!(held(&clone).is_none());
    all.pop().unwrap().into_inner().put_back();
    assert!(held(&settings).is_some());
    // Other settings count their own.
    assert!(held(&Deflate::default()).is_some());
}

#[test]
fn a_held_inflater_goes_on() {
    let settings = Deflate::default();
    let mut room = [0; 10];
    let mut held = Held::new(Inflater::start(&[]), &settings).unwrap();
    assert_eq!(held.get_mut().step(b"\xf2\x48\xcd", &mut room, &[]).unwrap().0, 3);
    // Another message of the thread, between its reads.
    let mut other = Inflater::start(&[]);
    assert_eq!(other.step(b"\xf2\x48\x05\x00", &mut room, &[]), Ok((4, 2)));
    other.put_back();
    let mut inflater = held.into_inner();
    inflater.step(b"\xc9\xc9\x07\x00", &mut room, &[]).unwrap();
    assert_eq!(inflater.finish(), Ok(()));
}
