use std::time::Duration;

/// How many wrong secrets in a row a device takes before it locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// How many in a row lock it.
    pub most: u32,
    /// How many are left.
    pub left: u32,
    /// How long a lock lasts.
    pub lock: Duration,
    /// When the lock ends, counted from the fleet's start.
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
    /// Wrong secrets in a row until a device locks, unless told otherwise.
    pub const MOST: u32 = 7;

    /// How long a lock lasts, unless told otherwise.
    pub const LOCK: Duration = Duration::from_mins(30);

    /// The minutes the device stays locked, a begun one counted as a whole.
    pub(crate) fn locked(&mut self, now: Duration) -> Option<Denied> {
        let left = self.locked_until?.saturating_sub(now);
        if left.is_zero() {
            self.forgive();
            return None;
        }
        let minutes = left.as_millis().div_ceil(60_000);
        Some(Denied {
            tries_left: 0,
            lock_minutes: u32::try_from(minutes).unwrap_or(u32::MAX),
        })
    }

    /// Counts a wrong secret.
    pub(crate) fn denied(&mut self, now: Duration) -> Denied {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.locked_until = Some(now.saturating_add(self.lock));
        }
        self.locked(now).unwrap_or(Denied {
            tries_left: self.left,
            lock_minutes: 0,
        })
    }

    /// Begins to count anew: the secret was right.
    pub(crate) fn forgive(&mut self) {
        self.left = self.most;
        self.locked_until = None;
    }
}

/// What a device says of the tries left when it refuses a secret.
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
        let minutes = |tries: &mut Tries, now| tries.locked(now).map(|lock| lock.lock_minutes);
        assert_eq!(minutes(&mut tries, MINUTE / 2), Some(30));
        assert_eq!(minutes(&mut tries, 29 * MINUTE), Some(1));
        assert_eq!(minutes(&mut tries, 30 * MINUTE), None);
        assert_eq!(tries.left, 7);
    }
}
