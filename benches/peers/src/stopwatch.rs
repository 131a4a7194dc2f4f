//! Processor time, and statistics of many samples.

/// Returns the processor time of this thread in nanoseconds. Other threads on the core do not
/// count.
pub fn cpu_time() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a `timespec` that lives through the call.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(result, 0, "a clock of the thread's processor time");
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Returns the nanoseconds of processor time that `action` takes.
pub fn time(action: impl FnOnce()) -> u64 {
    let start = cpu_time();
    action();
    cpu_time() - start
}

/// Samples of one quantity.
#[derive(Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    pub fn push(&mut self, sample: f64) {
        self.0.push(sample);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the median and the quartiles.
    pub fn summary(mut self) -> Summary {
        self.0.sort_by(f64::total_cmp);
        let at = |quantile: f64| self.0[((self.0.len() - 1) as f64 * quantile).round() as usize];
        Summary { median: at(0.5), lower: at(0.25), upper: at(0.75) }
    }
}

/// The middle half of the samples.
#[derive(Clone, Copy)]
pub struct Summary {
    pub median: f64,
    pub lower: f64,
    pub upper: f64,
}

impl Summary {
    /// Returns the distance between the quartiles, in per cent of the median.
    pub fn spread(&self) -> f64 {
        (self.upper - self.lower) / self.median * 100.0
    }
}
