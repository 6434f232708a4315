use crate::{
    args::{GlobalArgs, NetShowArgs},
    commands::{batch::Site, survey},
    failure::{Exit, Failure},
    output::{self, Format, Layout},
    terminal::Terminal,
};

pub(super) fn run(
    args: &NetShowArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let config = survey::config(&args.ask, global, args.device.address())?;
    let site = Site::look(&survey::runtime()?, &config, global, terminal)?;
    let found = args.device.choose_to_read(site.devices)?;
    if global.format == Format::Table {
        output::write_network(terminal.out(), &found)?;
        return Ok(Exit::Done);
    }
    let layout = Layout {
        width: terminal.width(),
        wide: false,
    };
    output::write_device(terminal.out(), &found, global.format, layout)?;
    Ok(Exit::Done)
}
