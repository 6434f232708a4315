//! ufw's settings, which anybody may read. Its rules stand in iptables.

/// What ufw does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ufw {
    /// Whether what no rule lets in is kept out.
    pub(super) keeps_out: bool,
}

/// Reads `/etc/ufw/ufw.conf` and `/etc/default/ufw`. `None` where it is off.
pub(super) fn parse(switch: &str, defaults: &str) -> Option<Ufw> {
    let on = setting(switch, "ENABLED")?.eq_ignore_ascii_case("yes");
    let policy = setting(defaults, "DEFAULT_INPUT_POLICY").unwrap_or("DROP");
    on.then(|| Ufw {
        keeps_out: !policy.eq_ignore_ascii_case("ACCEPT"),
    })
}

fn setting<'a>(file: &'a str, name: &str) -> Option<&'a str> {
    let value = file.lines().rev().find_map(|line| {
        let (key, value) = line.trim().split_once('=')?;
        (key.trim() == name).then_some(value)
    })?;
    Some(value.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read() {
        let on = "# /etc/ufw/ufw.conf\n#ENABLED=no\nENABLED=yes\nLOGLEVEL=low\n";
        for (switch, defaults, expected) in [
            (on, "DEFAULT_INPUT_POLICY=\"DROP\"\n", Some(true)),
            (on, "DEFAULT_INPUT_POLICY=\"ACCEPT\"\n", Some(false)),
            (on, "", Some(true)),
            ("ENABLED=no\n", "DEFAULT_INPUT_POLICY=\"DROP\"\n", None),
            ("", "", None),
        ] {
            let read = parse(switch, defaults);
            assert_eq!(
                read.map(|ufw| ufw.keeps_out),
                expected,
                "{switch} {defaults}"
            );
        }
    }
}
