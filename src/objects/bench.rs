//! The bench where bodies are hashed: the MD5 of those that arrive at the same time is computed side by side.
//!
//! MD5 is the largest part of what an upload costs, and one body's cannot be hurried; but several take hardly longer than one
//! ([`md5_lanes`]). So batches are not hashed wherever they are. They take seats at a bench, and one worker hashes all who sit there,
//! stretch by stretch:
//!
//! ```text
//! batch ──> waiting ──> a free seat ──> stretch, stretch, … ──> the digest that has it
//! ```
//!
//! Nobody waits for company: a batch that comes to an empty bench is begun at once. Company forms while the worker works,
//! as whoever comes is seated before the next stretch, so the busier the server is, the less each body costs. When
//! all seats are taken, another worker brings as many. Workers are blocking threads, and go when nobody sits with them.

use super::error::{Error, Result};
use bytes::Bytes;
use md5_lanes::Md5;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::oneshot;

/// Bytes of each batch between two looks for company.
const STRETCH: usize = 64 * 1024;
/// A piece of fewer bytes is not worth a stretch: it is hashed alone.
const SHORT: usize = 512;

#[derive(Default)]
pub(super) struct Bench {
    places: Mutex<Places>,
}

#[derive(Default)]
struct Places {
    waiting: VecDeque<Batch>,
    /// Seats of all workers that nobody has; enough for all who wait.
    free: usize,
}

/// Some pieces of a body, and how far they are hashed.
struct Batch {
    md5: Md5,
    pieces: Arc<[Bytes]>,
    /// The piece that is next, and where in it.
    next: usize,
    at: usize,
    answer: oneshot::Sender<Md5>,
}

impl Bench {
    /// Go on with this digest over these pieces. They are taken at once; the future only waits.
    pub(super) fn update(
        self: &Arc<Bench>,
        md5: Md5,
        pieces: Arc<[Bytes]>,
    ) -> impl Future<Output = Result<Md5>> + use<> {
        let (answer, hashed) = oneshot::channel();
        self.seat(Batch { md5, pieces, next: 0, at: 0, answer });
        async { hashed.await.map_err(|_| Error::Io(io::Error::other("a worker of the bench is gone"))) }
    }

    fn seat(self: &Arc<Bench>, batch: Batch) {
        let mut places = self.places();
        places.waiting.push_back(batch);
        if places.waiting.len() > places.free {
            let worker = Worker { bench: self.clone(), seated: Vec::new(), free: md5_lanes::lanes() };
            places.free += worker.free;
            drop(places);
            tokio::task::spawn_blocking(|| worker.work());
        }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().expect("no panic while held")
    }
}

/// One thread at the bench.
struct Worker {
    bench: Arc<Bench>,
    seated: Vec<Batch>,
    /// Its seats among [`Places::free`].
    free: usize,
}

impl Worker {
    fn work(mut self) {
        let mut finished = 0;
        while self.look_up(finished) {
            finished = self.stretch();
        }
    }

    /// So many have left their seats: seat who waits. `false`: nobody sits here, and the worker goes.
    fn look_up(&mut self, finished: usize) -> bool {
        let mut places = self.bench.places();
        let mine = self.free + finished;
        let coming = mine.min(places.waiting.len());
        self.seated.extend(places.waiting.drain(..coming));
        let free = if self.seated.is_empty() { 0 } else { mine - coming };
        places.free = places.free - self.free + free;
        self.free = free;
        !self.seated.is_empty()
    }

    /// Hash a stretch of everyone's bytes. Returns how many left the bench.
    fn stretch(&mut self) -> usize {
        let before = self.seated.len();
        let finished = self.seated.extract_if(.., |batch| !batch.goes_on());
        finished.for_each(|batch| _ = batch.answer.send(batch.md5));
        let length = self.seated.iter().map(|b| b.rest().len()).min().unwrap_or_default().min(STRETCH);
        let mut side_by_side: Vec<_> = self.seated.iter_mut().map(|b| b.take(length)).collect();
        md5_lanes::update_all(&mut side_by_side);
        before - self.seated.len()
    }
}

impl Drop for Worker {
    /// A worker that ends well has no free seats. One that panicked, or that the stopping server never let begin, may: who counted
    /// on them must not wait for ever.
    fn drop(&mut self) {
        let mut places = self.bench.places();
        places.free -= self.free;
        let seen_to = places.free;
        places.waiting.truncate(seen_to);
    }
}

impl Batch {
    /// Bytes of the piece that is next.
    fn rest(&self) -> &[u8] {
        self.pieces.get(self.next).map_or(&[], |piece| &piece[self.at..])
    }

    /// Hash short pieces, up to one that is worth a stretch. `false`: there is none, or nobody wants the digest any more.
    fn goes_on(&mut self) -> bool {
        while let Some(piece) = self.pieces.get(self.next)
            && piece.len() - self.at < SHORT
        {
            self.md5.update(&piece[self.at..]);
            (self.next, self.at) = (self.next + 1, 0);
        }
        self.next < self.pieces.len() && !self.answer.is_closed()
    }

    /// The digest with bytes that it is to take now.
    fn take(&mut self, length: usize) -> (&mut Md5, &[u8]) {
        let at = self.at;
        self.at += length;
        (&mut self.md5, &self.pieces[self.next][at..at + length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use md5::Digest;

    fn batch(seed: usize, sizes: &[usize]) -> (Arc<[Bytes]>, [u8; 16]) {
        let piece =
            |(i, size): (usize, &usize)| (0..*size).map(|at| (at * (2 * seed + 1) + i) as u8).collect::<Bytes>();
        let pieces: Arc<[Bytes]> = sizes.iter().enumerate().map(piece).collect();
        let digest = pieces.iter().fold(md5::Md5::new(), |md5, piece| md5.chain_update(piece));
        (pieces, digest.finalize().into())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn each_body_has_its_own_digest_whatever_its_company() {
        let bench = Arc::new(Bench::default());
        let sizes = [
            &[][..],
            &[0, 0],
            &[1, 2, 0, 3],
            &[70_000, 10, 200_000],
            &[511, 512, 513],
            &[64 * 1024; 4],
            &[3; 1000],
            &[300_001],
        ];
        let bodies = (0..48).map(|i| {
            let bench = bench.clone();
            tokio::spawn(async move {
                let (pieces, expected) = batch(i, sizes[i % sizes.len()]);
                // In two batches, as a body comes.
                let (first, second) = pieces.split_at(pieces.len() / 2);
                let md5 = bench.update(Md5::default(), first.into()).await.unwrap();
                let md5 = bench.update(md5, second.into()).await.unwrap();
                assert_eq!(md5.finish(), expected, "body {i}");
            })
        });
        for body in bodies.collect::<Vec<_>>() {
            body.await.unwrap();
        }
    }

    #[tokio::test]
    async fn who_stops_waiting_leaves_the_seat_to_others() {
        let bench = Arc::new(Bench::default());
        let (pieces, expected) = batch(1, &[100_000; 8]);
        for _ in 0..100 {
            drop(bench.update(Md5::default(), pieces.clone()));
        }
        assert_eq!(bench.update(Md5::default(), pieces).await.unwrap().finish(), expected);
        while !bench.places().waiting.is_empty() || bench.places().free > 0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_worker_that_breaks_down_leaves_nobody_waiting() {
        let bench = Arc::new(Bench::default());
        let broken = Worker { bench: bench.clone(), seated: Vec::new(), free: 2 };
        bench.places().free = 2;
        let (pieces, expected) = batch(1, &[1000]);
        let waiting = bench.update(Md5::default(), pieces.clone());
        drop(broken);
        assert!(waiting.await.is_err());
        assert_eq!(bench.update(Md5::default(), pieces).await.unwrap().finish(), expected);
    }
}
