//! The block function, for one message and for several in lanes.
//!
//! The lanes are written as a loop that does for each lane what is done for one message. The compiler makes SIMD instructions of
//! it, so the same source serves AVX2 and AVX-512, which bring three-way logic and rotation in one instruction each; which of
//! them there is, is asked while it runs.

/// Bytes of a block.
pub const BLOCK: usize = 64;
/// Messages that are hashed side by side at most.
pub const LANES: usize = 8;

/// What the blocks so far have made of a message.
pub type State = [u32; 4];
/// Before the first block.
pub const START: State = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];

/// How far the steps of each round rotate.
const TURNS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// What the steps add: the integer part of 2³² × |sin(i + 1)|.
#[rustfmt::skip]
const SINES: [u32; 64] = [
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
];

/// The constants, such that the compiler does not know them. It would put them behind everything else that a step adds, and so
/// into the chain of what waits for what, which is what the time goes for.
fn sines() -> &'static [u32; 64] {
    std::hint::black_box(&SINES)
}

/// Four steps, from this one on.
#[inline(always)]
fn four<const FIRST: usize>(mut state: State, sines: &[u32; 64], word: &impl Fn(usize) -> u32) -> State {
    for (j, turn) in TURNS[FIRST / 16].into_iter().enumerate() {
        let i = FIRST + j;
        let [a, b, c, d] = state;
        // All of it that does not need `b`, which comes last.
        let early = |at: usize| a.wrapping_add(sines[i].wrapping_add(word(at % 16)));
        let sum = match FIRST / 16 {
            0 => early(i).wrapping_add(d ^ (b & (c ^ d))),
            1 => early(5 * i + 1).wrapping_add(c & !d).wrapping_add(b & d),
            2 => early(3 * i + 5).wrapping_add(b ^ (c ^ d)),
            _ => early(7 * i).wrapping_add(c ^ (b | !d)),
        };
        state = [d, b.wrapping_add(sum.rotate_left(turn)), b, c];
    }
    state
}

/// What a block of these sixteen words makes of a state.
#[inline(always)]
fn block(before: State, sines: &[u32; 64], word: impl Fn(usize) -> u32) -> State {
    let mut state = before;
    macro_rules! steps {
        ($($first:literal)*) => { $(state = four::<$first>(state, sines, &word);)* };
    }
    steps!(0 4 8 12 16 20 24 28 32 36 40 44 48 52 56 60);
    for i in 0..4 {
        state[i] = state[i].wrapping_add(before[i]);
    }
    state
}

#[inline(always)]
fn word(block: &[u8; BLOCK], i: usize) -> u32 {
    u32::from_le_bytes([block[4 * i], block[4 * i + 1], block[4 * i + 2], block[4 * i + 3]])
}

/// Take whole blocks of one message.
pub fn one(state: &mut State, data: &[u8]) {
    let sines = sines();
    for bytes in data.as_chunks().0 {
        *state = block(*state, sines, |i| word(bytes, i));
    }
}

/// How many messages are worth hashing side by side on this processor: [`LANES`], or one.
pub fn lanes() -> usize {
    if kernels().next().is_some() { LANES } else { 1 }
}

/// Take as many whole blocks of each of these messages, which are at most [`LANES`] and alike in length.
pub fn several<'a>(messages: impl Iterator<Item = (&'a mut State, &'a [u8])>) {
    let mut messages: Vec<_> = messages.collect();
    let Some(kernel) = kernels().next() else { return messages.into_iter().for_each(|(state, data)| one(state, data)) };
    // Lanes that nobody needs do what the first does.
    let mut lanes: Lanes = [messages[0].1.as_chunks().0; LANES];
    let mut states = [[0; LANES]; 4];
    for (lane, (state, data)) in messages.iter().enumerate() {
        lanes[lane] = data.as_chunks().0;
        (0..4).for_each(|i| states[i][lane] = state[i]);
    }
    kernel(&mut states, &lanes);
    for (lane, (state, _)) in messages.iter_mut().enumerate() {
        **state = states.map(|of| of[lane]);
    }
}

/// The blocks of every lane.
type Lanes<'a> = [&'a [[u8; BLOCK]]; LANES];
/// The states of all lanes, word by word.
type States = [[u32; LANES]; 4];
type Kernel = fn(&mut States, &Lanes<'_>);

/// What works in lanes on this processor, the fastest first.
#[cfg(target_arch = "x86_64")]
fn kernels() -> impl Iterator<Item = Kernel> {
    #[target_feature(enable = "avx2,avx512f,avx512vl")]
    fn avx512(states: &mut States, lanes: &Lanes<'_>) {
        in_lanes(states, lanes);
    }
    #[target_feature(enable = "avx2")]
    fn avx2(states: &mut States, lanes: &Lanes<'_>) {
        in_lanes(states, lanes);
    }
    let has_avx2 = is_x86_feature_detected!("avx2");
    let has_avx512 = has_avx2 && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
    // SAFETY: the processor has just said which of these instructions it has.
    let all: [(bool, Kernel); 2] = [
        (has_avx512, |states, lanes| unsafe { avx512(states, lanes) }),
        (has_avx2, |states, lanes| unsafe { avx2(states, lanes) }),
    ];
    all.into_iter().filter(|(has, _)| *has).map(|(_, kernel)| kernel)
}

#[cfg(not(target_arch = "x86_64"))]
fn kernels() -> impl Iterator<Item = Kernel> {
    std::iter::empty()
}

/// Plain loops: a closure that is not inlined would be compiled for any processor.
#[allow(clippy::needless_range_loop)]
#[inline(always)]
fn in_lanes(states: &mut States, lanes: &Lanes<'_>) {
    let sines = sines();
    let mut words = [[0; LANES]; 16];
    for at in 0..lanes[0].len() {
        for lane in 0..LANES {
            let bytes = &lanes[lane][at];
            for i in 0..16 {
                words[i][lane] = word(bytes, i);
            }
        }
        // This is the loop that becomes SIMD.
        for lane in 0..LANES {
            let before = [states[0][lane], states[1][lane], states[2][lane], states[3][lane]];
            let after = block(before, sines, |i| words[i][lane]);
            for i in 0..4 {
                states[i][lane] = after[i];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_do_what_one_does() {
        let byte = |lane: usize| move |i: u32| (i.wrapping_mul(2_654_435_761) >> (8 + lane)) as u8;
        let data: Vec<Vec<u8>> = (0..LANES).map(|lane| (0..640).map(byte(lane)).collect()).collect();
        let lanes: Lanes = std::array::from_fn(|lane| data[lane].as_chunks().0);
        // What the compiler makes of it for any processor, and all that is for this one.
        for kernel in kernels().chain([in_lanes as Kernel]) {
            let mut states = [[7; LANES]; 4];
            kernel(&mut states, &lanes);
            for (lane, data) in data.iter().enumerate() {
                let mut state = [7; 4];
                one(&mut state, data);
                assert_eq!(states.map(|of| of[lane]), state, "lane {lane}");
            }
        }
    }
}
