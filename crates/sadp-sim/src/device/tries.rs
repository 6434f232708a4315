use std::time::Duration;

/// Counts wrong secrets, after which a device locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// The wrong secrets in a row that lock it.
    pub most: u32,
    /// The tries left.
    pub left: u32,
    /// The duration of a lock.
    pub lock: Duration,
    /// When the lock ends, from the fleet's start.
    pub locked_until: Option<Duration>,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            most: Self::MOST,
            left: Self::MOST,
            lock: Self::LOCK,
            locked_until: None,
        }
    }
}

impl Tries {
    /// The default of [`Tries::most`].
    pub const MOST: u32 = 7;

    /// The default of [`Tries::lock`].
    pub const LOCK: Duration = Duration::from_mins(30);

    /// Returns the rest of a lock, in minutes, rounded up.
    pub(crate) fn locked(&mut self, now: Duration) -> Option<Denied> {
        let minutes = self.locked_for(now)?.as_millis().div_ceil(60_000);
        Some(Denied {
            tries_left: 0,
            lock_minutes: u32::try_from(minutes).unwrap_or(u32::MAX),
        })
    }

    /// Returns the rest of a lock. A lock that is over is lifted.
    pub(crate) fn locked_for(&mut self, now: Duration) -> Option<Duration> {
        let left = self.locked_until?.saturating_sub(now);
        if left.is_zero() {
            self.forgive();
            return None;
        }
        Some(left)
    }

    /// Begins a lock from the start.
    pub(crate) fn lock_again(&mut self, now: Duration) {
        self.locked_until = Some(now.saturating_add(self.lock));
    }

    /// Counts a wrong secret.
    pub(crate) fn denied(&mut self, now: Duration) -> Denied {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.lock_again(now);
        }
        self.locked(now).unwrap_or(Denied {
            tries_left: self.left,
            lock_minutes: 0,
        })
    }

    /// Resets the counter: the secret was right.
    pub(crate) fn forgive(&mut self) {
        self.left = self.most;
        self.locked_until = None;
    }
}

/// The counters that a device reports when it refuses a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    pub(crate) tries_left: u32,
    pub(crate) lock_minutes: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn wrong_secrets_lock_and_time_unlocks() {
        let mut tries = Tries::default();
        for left in (1..7).rev() {
            let denied = tries.denied(Duration::ZERO);
            assert_eq!((denied.tries_left, denied.lock_minutes), (left, 0));
        }
        assert_eq!(tries.locked(Duration::ZERO), None);
        assert_eq!(tries.denied(Duration::ZERO).lock_minutes, 30);
        for (now, minutes) in [
            (MINUTE / 2, Some(30)),
            (29 * MINUTE, Some(1)),
            (30 * MINUTE, None),
        ] {
            assert_eq!(tries.locked(now).map(|it| it.lock_minutes), minutes);
        }
        assert_eq!(tries.left, 7);
    }
}
