use std::{fmt, str::FromStr};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime, Time, Weekday},
    tz::{Offset, TimeZone},
};

/// A time zone in the devices' form: `CST-8:00:00`, or with daylight saving
/// `CST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00`.
///
/// It is nearly POSIX: the sign of the offset is inverted, so that `-1` is one hour east.
/// Other than in POSIX the number after `DST` is how far the clock is put forward. The
/// name is always `CST`. Source: the vendor's guides and replies of recorders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceZone {
    rules: Rules,
    zone: TimeZone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rules {
    standard: Offset,
    daylight: Option<Daylight>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Daylight {
    /// Seconds that the clock is put forward.
    saving: i32,
    start: Rule,
    end: Rule,
}

/// When the clock is changed, in the wall time until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rule {
    month: i8,
    /// 1 to 4, or 5 for the last one.
    week: i8,
    /// 0 is Sunday.
    weekday: i8,
    time: Time,
}

impl DeviceZone {
    /// The years for which the form must say what the zone does.
    const YEARS: usize = 12;

    /// Finds the form of a zone of the tz database, from `now` on. Fails for zones whose
    /// changes it cannot say, e.g. those that follow the moon, or the Sunday after a
    /// Saturday.
    pub fn of(zone: &TimeZone, now: Timestamp) -> Result<Self, ZoneError> {
        let mut changes = ClockChange::following(zone, now);
        let Some(first) = changes.next() else {
            let standard = zone.to_offset(now);
            return Self::new(Rules {
                standard,
                daylight: None,
            })
            .ok_or_else(|| ZoneError::of(zone));
        };
        let second = changes.next().ok_or_else(|| ZoneError::of(zone))?;
        let (start, end) = if first.is_forward() {
            (first, second)
        } else {
            (second, first)
        };
        for start_week in weeks(start.wall.date()) {
            for end_week in weeks(end.wall.date()) {
                let daylight = Daylight {
                    saving: start.after.seconds().saturating_sub(start.before.seconds()),
                    start: Rule::new(start.wall, start_week),
                    end: Rule::new(end.wall, end_week),
                };
                let rules = Rules {
                    standard: start.before,
                    daylight: Some(daylight),
                };
                let found = Self::new(rules).filter(|found| found.does_as(zone, now));
                if let Some(found) = found {
                    return Ok(found);
                }
            }
        }
        Err(ZoneError::of(zone))
    }

    /// `None` if no zone can have these rules.
    fn new(rules: Rules) -> Option<Self> {
        let zone = TimeZone::posix(&rules.to_posix()).ok()?;
        Some(Self { rules, zone })
    }

    /// Whether the clock changes when the zone's does.
    fn does_as(&self, zone: &TimeZone, now: Timestamp) -> bool {
        let changes = Self::YEARS.saturating_mul(2);
        let ours = ClockChange::following(&self.zone, now).take(changes);
        ours.eq(ClockChange::following(zone, now).take(changes))
    }

    /// The offset without daylight saving.
    pub fn standard(&self) -> Offset {
        self.rules.standard
    }

    /// Whether the clock is put forward for a part of the year.
    pub fn saves_daylight(&self) -> bool {
        self.rules.daylight.is_some()
    }

    /// The moment at which a clock in this zone shows a time. A time that occurs twice
    /// is the first one.
    pub fn timestamp(&self, shown: DateTime) -> Option<Timestamp> {
        self.zone.to_timestamp(shown).ok()
    }

    /// What a clock in this zone shows.
    pub fn shown_at(&self, moment: Timestamp) -> DateTime {
        self.zone.to_datetime(moment)
    }
}

/// A change of the clock.
#[derive(PartialEq, Eq)]
struct ClockChange {
    moment: Timestamp,
    before: Offset,
    after: Offset,
    /// What the clock shows when it is changed.
    wall: DateTime,
}

impl ClockChange {
    /// The changes from `now` on. Some databases have entries that change nothing.
    fn following(zone: &TimeZone, now: Timestamp) -> impl Iterator<Item = Self> {
        let changes = zone.following(now).map(|it| Self::at(zone, it.timestamp()));
        changes.filter(|change| change.before != change.after)
    }

    fn at(zone: &TimeZone, moment: Timestamp) -> Self {
        let earlier = moment.saturating_sub(SignedDuration::from_secs(1));
        let before = zone.to_offset(earlier.unwrap_or(moment));
        Self {
            moment,
            before,
            after: zone.to_offset(moment),
            wall: before.to_datetime(moment),
        }
    }

    fn is_forward(&self) -> bool {
        self.after > self.before
    }
}

/// The weeks of its month that a day can be meant by.
fn weeks(date: Date) -> impl Iterator<Item = i8> {
    const LAST: i8 = 5;
    let week = date
        .day()
        .saturating_sub(1)
        .wrapping_div(7)
        .saturating_add(1);
    let is_last = date.day().saturating_add(7) > date.days_in_month();
    [(LAST, is_last), (week, week < LAST)]
        .into_iter()
        .filter(|(_, fits)| *fits)
        .map(|(week, _)| week)
}

impl Rule {
    fn new(wall: DateTime, week: i8) -> Self {
        Self {
            month: wall.month(),
            week,
            weekday: wall.weekday().to_sunday_zero_offset(),
            time: wall.time(),
        }
    }

    /// Reads `M3.5.0/02:00:00`. Without a time it is 2 o'clock, as in POSIX.
    fn read(text: &str) -> Option<Self> {
        let (day, time) = text.split_once('/').unwrap_or((text, "02:00:00"));
        let mut numbers = day
            .strip_prefix('M')?
            .split('.')
            .map(|number| number.parse().ok());
        let (month, week, weekday) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let is_day = (1..=12).contains(&month) && (1..=5).contains(&week);
        let is_weekday = Weekday::from_sunday_zero_offset(weekday).is_ok();
        let midnight = DateTime::constant(2000, 1, 1, 0, 0, 0, 0);
        let time = midnight
            .checked_add(SignedDuration::from_secs(seconds(time)?.into()))
            .ok()?;
        if !is_day || !is_weekday || numbers.next().is_some() || time.date() != midnight.date() {
            return None;
        }
        Some(Self {
            month,
            week,
            weekday,
            time: time.time(),
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            month,
            week,
            weekday,
            time,
        } = self;
        write!(
            f,
            "M{month}.{week}.{weekday}/{:02}:{:02}:{:02}",
            time.hour(),
            time.minute(),
            time.second()
        )
    }
}

impl Rules {
    /// The zone as POSIX has it.
    fn to_posix(self) -> String {
        let standard = self.standard.seconds();
        let Some(daylight) = self.daylight else {
            return format!("CST{}", ClockOffset(standard.saturating_neg()));
        };
        let summer = standard.saturating_add(daylight.saving);
        let (standard, summer) = (
            ClockOffset(standard.saturating_neg()),
            ClockOffset(summer.saturating_neg()),
        );
        format!(
            "CST{standard}DST{summer},{},{}",
            daylight.start, daylight.end
        )
    }
}

impl fmt::Display for DeviceZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CST{}",
            ClockOffset(self.rules.standard.seconds().saturating_neg())
        )?;
        let Some(Daylight { saving, start, end }) = self.rules.daylight else {
            return Ok(());
        };
        let saving = ClockOffset(saving).to_string();
        let digits = saving.trim_start_matches('+');
        write!(f, "DST{digits:0>8},{start},{end}")
    }
}

/// Seconds as `+5:30:00`.
struct ClockOffset(i32);

impl fmt::Display for ClockOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 > 0 { '+' } else { '-' };
        let seconds = self.0.unsigned_abs();
        let (hours, rest) = (seconds / 3600, seconds % 3600);
        write!(f, "{sign}{hours}:{:02}:{:02}", rest / 60, rest % 60)
    }
}

/// Reads `-1:00:00`, with fewer parts and a sign or not.
fn seconds(text: &str) -> Option<i32> {
    let digits = text.trim_start_matches(['+', '-']);
    if text.len().saturating_sub(digits.len()) > 1 {
        return None;
    }
    let mut parts = digits.split(':');
    let mut total: i32 = 0;
    for unit in [3600, 60, 1] {
        let number: u8 = match parts.next() {
            Some(part) => part.parse().ok()?,
            None => 0,
        };
        total = total.saturating_add(i32::from(number).saturating_mul(unit));
    }
    if parts.next().is_some() {
        return None;
    }
    Some(if text.starts_with('-') {
        total.saturating_neg()
    } else {
        total
    })
}

/// Reads what a device says. The names may be any letters.
impl FromStr for DeviceZone {
    type Err = BadDeviceZone;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text.trim()).ok_or(BadDeviceZone)
    }
}

fn is_letter(character: char) -> bool {
    character.is_ascii_alphabetic()
}

fn read(text: &str) -> Option<DeviceZone> {
    let mut parts = text.split(',');
    let offsets = parts.next()?.trim_start_matches(is_letter);
    let (standard, saving) = match offsets.find(is_letter) {
        None => (offsets, None),
        Some(at) => {
            let (standard, rest) = offsets.split_at_checked(at)?;
            (standard, Some(rest.trim_start_matches(is_letter)))
        }
    };
    let standard = Offset::from_seconds(seconds(standard)?.checked_neg()?).ok()?;
    let daylight = match saving {
        None => None,
        Some(saving) => Some(Daylight {
            saving: seconds(if saving.is_empty() { "1" } else { saving }).filter(|it| *it > 0)?,
            start: Rule::read(parts.next()?)?,
            end: Rule::read(parts.next()?)?,
        }),
    };
    if parts.next().is_some() {
        return None;
    }
    DeviceZone::new(Rules { standard, daylight })
}

/// A device's time zone cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone in the form of devices")]
pub struct BadDeviceZone;

/// The devices' form cannot say what a zone does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("devices cannot be told when the clock changes in the time zone {zone}")]
pub struct ZoneError {
    /// Its name in the tz database.
    pub zone: Box<str>,
}

impl ZoneError {
    fn of(zone: &TimeZone) -> Self {
        Self {
            zone: zone.iana_name().unwrap_or("of the system").into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: &str = "CST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00";

    fn now() -> Timestamp {
        "2026-11-26T11:00:00Z".parse().unwrap()
    }

    fn form(name: &str) -> Result<String, ZoneError> {
        DeviceZone::of(&TimeZone::get(name).unwrap(), now()).map(|zone| zone.to_string())
    }

    #[test]
    fn zones_of_the_database_are_said_in_the_devices_form() {
        for (name, text) in [
            ("Europe/Berlin", BERLIN),
            (
                "Europe/London",
                "CST-0:00:00DST01:00:00,M3.5.0/01:00:00,M10.5.0/02:00:00",
            ),
            (
                "Europe/Dublin",
                "CST-0:00:00DST01:00:00,M3.5.0/01:00:00,M10.5.0/02:00:00",
            ),
            (
                "America/New_York",
                "CST+5:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00",
            ),
            (
                "Australia/Sydney",
                "CST-10:00:00DST01:00:00,M10.1.0/02:00:00,M4.1.0/03:00:00",
            ),
            (
                "Australia/Lord_Howe",
                "CST-10:30:00DST00:30:00,M10.1.0/02:00:00,M4.1.0/02:00:00",
            ),
            ("Asia/Shanghai", "CST-8:00:00"),
            ("Asia/Kolkata", "CST-5:30:00"),
            ("America/Sao_Paulo", "CST+3:00:00"),
            ("UTC", "CST-0:00:00"),
        ] {
            assert_eq!(form(name).unwrap(), text, "{name}");
        }
    }

    #[test]
    fn zones_that_it_cannot_say_are_refused_by_name() {
        for name in [
            "Africa/Casablanca",
            "America/Santiago",
            "Africa/Cairo",
            "Asia/Jerusalem",
        ] {
            let zone = name.into();
            assert_eq!(form(name), Err(ZoneError { zone }));
        }
    }

    #[test]
    fn the_form_is_read_back() {
        for text in [BERLIN, "CST+5:00:00", "CST-5:45:00", "CST-0:00:00"] {
            assert_eq!(text.parse::<DeviceZone>().unwrap().to_string(), text);
        }
        for (text, same) in [
            (
                "\n CST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00 \n",
                BERLIN,
            ),
            ("CET-1CEST,M3.5.0,M10.5.0/3", BERLIN),
            ("UTC+0", "CST-0:00:00"),
            ("-8", "CST-8:00:00"),
        ] {
            assert_eq!(
                text.parse::<DeviceZone>().unwrap().to_string(),
                same,
                "{text}"
            );
        }
        for text in [
            "",
            "CST",
            "CST--1",
            "CST-1:00:00:00:1",
            "CST-99:00:00",
            "CST-1DST01:00:00",
            "CST-1DST1,M13.1.0,M1.1.0",
            "CST-1DST1,M3.6.0,M10.5.0",
            "CST-1DST1,M3.5.7,M10.5.0",
            "CST-1DST1,M3.5.0/24,M10.5.0",
            "CST-1DST1,M3.5.0,M10.5.0,M1.1.1",
            "CST-1DST-1,M3.5.0,M10.5.0",
            "CST-1:xx",
            "\u{e9}",
        ] {
            assert_eq!(text.parse::<DeviceZone>(), Err(BadDeviceZone), "{text:?}");
        }
    }

    #[test]
    fn what_its_clock_shows_is_known() {
        let berlin: DeviceZone = BERLIN.parse().unwrap();
        for (moment, shown) in [
            ("2026-11-26T11:00:00Z", "2026-11-26T12:00:00"),
            ("2026-07-01T11:00:00Z", "2026-07-01T13:00:00"),
        ] {
            let (moment, shown) = (moment.parse().unwrap(), shown.parse().unwrap());
            assert_eq!(berlin.shown_at(moment), shown);
            assert_eq!(berlin.timestamp(shown), Some(moment));
        }
        assert_eq!(berlin.standard(), jiff::tz::offset(1));
        assert!(berlin.saves_daylight());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text: String, near in "[A-Z]{0,4}[-+]?[0-9:]{0,9}(DST[0-9:]{0,9})?(,M[0-9.]{0,6}(/[0-9:]{0,9})?){0,3}") {
            for text in [text, near] {
                if let Ok(zone) = text.parse::<DeviceZone>() {
                    proptest::prop_assert_eq!(zone.to_string().parse::<DeviceZone>(), Ok(zone));
                }
            }
        }
    }
}
