use std::iter;

use csv::StringRecord;
use sadp_model::text::clean;

use super::{Cause, Problem, text};

/// The titles of a plan.
pub(super) struct PlanHeader {
    /// The columns' names as a row is read by them; empty for others.
    pub(super) names: Vec<&'static str>,
    /// The titles as they stand in the file.
    titles: StringRecord,
}

impl PlanHeader {
    pub(super) fn read(titles: &StringRecord, line: u64) -> Result<Self, Vec<Problem>> {
        let plain: Vec<_> = titles.iter().map(plain).collect();
        let mut names = vec![""; plain.len()];
        let mut problems = Vec::new();
        for (name, others) in NAMES {
            // Our own name counts before the vendor's: that is what the device has now.
            let own = name.replace('_', "");
            let mut known = iter::once(&*own).chain(others.iter().copied());
            let title = known.find(|known| plain.iter().any(|it| it == known));
            let mut places = (0..plain.len()).filter(|it| plain.get(*it).map(|it| &**it) == title);
            let place = title.and_then(|_| places.next());
            if place.is_some() && places.next().is_some() {
                problems.push(Problem::new(line, Cause::ColumnTwice(name)));
            } else if let Some(cell) = place.and_then(|place| names.get_mut(place)) {
                *cell = name;
            } else if ["mac", "ip"].contains(&name) {
                problems.push(Problem::new(line, Cause::ColumnMissing(name)));
            }
        }
        if problems.is_empty() {
            let titles = titles.clone();
            Ok(Self { names, titles })
        } else {
            Err(problems)
        }
    }

    /// The place of a column by its name.
    pub(super) fn place(&self, name: &'static str) -> Option<usize> {
        self.names.iter().position(|it| *it == name)
    }

    /// A column by its title in the file, cut to a few words.
    pub(super) fn title(&self, name: &'static str) -> String {
        let title = self.place(name).and_then(|place| self.titles.get(place));
        clean(text(title.unwrap_or(name)))
            .chars()
            .take(40)
            .collect()
    }
}

/// A title without what people write in one way or another.
fn plain(title: &str) -> String {
    let letters = title.chars().filter(|it| it.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// The columns that are read, with their names in lists of the vendor's tool, and others
/// that people use, all as [`plain`] makes them.
pub(super) const NAMES: [(&str, &[&str]); 10] = [
    ("mac", &["macaddress"]),
    ("serial", &["deviceserialno"]),
    ("ip", &["ipv4address", "ipaddress"]),
    ("mask", &["subnetmask", "netmask"]),
    ("gateway", &["ipv4gateway", "defaultgateway"]),
    ("dhcp", &["ipv4dhcpstatus"]),
    ("http_port", &[]),
    ("sdk_port", &["port"]),
    ("name", &["devicename", "cameraname"]),
    ("place", &["location"]),
];

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use sadp_model::MacAddr;

    use super::super::{WantedSettings, read, tests::lines};

    /// The list that the vendor's tool exports, and this one as CSV.
    #[test]
    fn the_vendor_tools_list_is_read_as_a_plan() {
        const TITLES: &str = "ID,Device Type,Status,IPv4 Address,Port,Enhanced SDK Service Port,Software Version,\
            IPv4 Gateway,HTTP Port,Device Serial No.,Subnet Mask,MAC Address,IPv4 DHCP Status";
        let list = |dhcp: &str| {
            format!(
                "{TITLES}\r\n001,DS-2CD2143G0-I,Active,192.168.1.101,8000,N/A,V5.5.82build 190910,192.168.1.1,\
                 80,DS-2CD2143G0-I20190910AAWRD12345678,255.255.255.0,44-47-cc-00-00-01,{dhcp}\r\n"
            )
        };
        let (rows, _) = read(list("OFF").as_bytes()).unwrap();
        let wanted = WantedSettings {
            address: Some([192, 168, 1, 101].into()),
            mask: Some([255, 255, 255, 0].into()),
            gateway: Some([192, 168, 1, 1].into()),
            dhcp: Some(false),
            http: Some(80),
            sdk: Some(8000),
        };
        assert_eq!(rows[0].wanted, wanted);
        assert_eq!(rows[0].mac, MacAddr::new([0x44, 0x47, 0xcc, 0, 0, 1]));
        // Titles are named as they stand in the file.
        let broken = list("ON").replace("44-47-cc-00-00-01", "camera");
        let errors = lines(&broken).join("\n");
        assert!(
            errors.starts_with(
                "2: MAC Address is \"camera\", not a MAC address\n2: IPv4 DHCP Status is on"
            ),
            "{errors}"
        );
        assert_eq!(
            lines("Device Serial No.,IPv4 Address\n"),
            ["1: the column mac is missing"]
        );
        // A column of ours that was added counts before the vendor's.
        let added = list("OFF")
            .replace("Status\r", "Status,ip\r")
            .replace("OFF\r", "OFF,192.168.1.7\r");
        let (rows, _) = read(added.as_bytes()).unwrap();
        assert_eq!(rows[0].address, Ipv4Addr::new(192, 168, 1, 7));
    }
}
