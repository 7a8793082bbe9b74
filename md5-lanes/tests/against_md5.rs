//! Every digest is the one that the RustCrypto project's `md-5` gives.

use md5::Digest;
use md5_lanes::{LANES, Md5, update_all};
use proptest::prelude::*;

/// Bytes that differ between messages and within them.
fn bytes(seed: u64, size: usize) -> Vec<u8> {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 32) as u8
    };
    (0..size).map(|_| next()).collect()
}

fn expected(data: &[u8]) -> [u8; 16] {
    md5::Md5::digest(data).into()
}

#[test]
fn known_digests() {
    let of = |text: &str| {
        let mut md5 = Md5::default();
        md5.update(text.as_bytes());
        u128::from_be_bytes(md5.finish())
    };
    // RFC 1321, A.5.
    assert_eq!(of(""), 0xd41d8cd98f00b204e9800998ecf8427e);
    assert_eq!(of("abc"), 0x900150983cd24fb0d6963f7d28e17f72);
    assert_eq!(of("abcdefghijklmnopqrstuvwxyz"), 0xc3fcd3d76192e4007dfb496cca67e13b);
    assert_eq!(of(&"1234567890".repeat(8)), 0x57edf4a22be3c955ac49da2e2107b67a);
}

#[test]
fn every_size_around_blocks() {
    for size in 0..=260 {
        let data = bytes(size as u64, size);
        let mut md5 = Md5::default();
        md5.update(&data);
        assert_eq!(md5.finish(), expected(&data), "{size} bytes");
    }
}

#[test]
fn any_number_of_equal_messages() {
    for count in 0..=2 * LANES + 1 {
        let data: Vec<_> = (0..count).map(|i| bytes(i as u64, 4096 + 33)).collect();
        let mut all = vec![Md5::default(); count];
        update_all(&mut all.iter_mut().zip(&data).map(|(md5, data)| (md5, &data[..])).collect::<Vec<_>>());
        for (i, (md5, data)) in all.into_iter().zip(&data).enumerate() {
            assert_eq!(md5.finish(), expected(data), "message {i} of {count}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Messages of any sizes that come in any pieces, with any company.
    #[test]
    fn messages_in_any_pieces_and_company(
        sizes in prop::collection::vec(0..3000_usize, 1..20),
        turns in prop::collection::vec((any::<u32>(), prop::collection::vec(0..400_usize, 1..20)), 0..30),
    ) {
        let data: Vec<_> = sizes.iter().enumerate().map(|(i, size)| bytes(i as u64, *size)).collect();
        let mut left: Vec<&[u8]> = data.iter().map(|d| &d[..]).collect();
        let mut all = vec![Md5::default(); data.len()];
        // Who takes part in a turn, and with how many bytes; and at last everyone, with the rest.
        let last = (u32::MAX, vec![usize::MAX]);
        for (who, lengths) in turns.iter().chain([&last]) {
            let mut now = Vec::new();
            for (i, (md5, left)) in all.iter_mut().zip(&mut left).enumerate() {
                if who & 1 << i != 0 {
                    let (piece, later) = left.split_at(left.len().min(lengths[i % lengths.len()]));
                    *left = later;
                    now.push((md5, piece));
                }
            }
            update_all(&mut now);
        }
        for (md5, data) in all.into_iter().zip(&data) {
            prop_assert_eq!(md5.finish(), expected(data));
        }
    }
}
