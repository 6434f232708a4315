use std::path::PathBuf;

use clap::Args;

use sadp_ops::DeviceName;

use crate::args::{AskArgs, ChangeArgs, NewPasswordArgs};

/// `reset import`.
#[derive(Args, Debug)]
#[command(after_help = "\
PATH is an answer file, a request package into which it was saved, or a folder of
such packages. An answer belongs to the package it lies in, to the device named
with --device, or to the one whose serial or MAC stands in its name; what is not
clear is not sent. Files are never changed.

A key is read from --key-file, or asked for, and needs --device. Old devices take
the vendor's dated code that way: they return to the default password of their
own manual and get no new one here.

Each answer is sent once. One whose device has restarted since, whose request is
older than 48 hours or was exported again, is left out; --force sends it all the
same. Where another request was asked for and none arrived, the older one may be
void: that is told before it is sent. The others go on. It can be run again: only
devices that still wait are asked.

Where only the folder tells whose answers are, the first goes alone until a device
took its own. Once a device refuses an answer as another's, no more of them are
sent, with --force neither: the folders may be mixed up. Answers whose names tell
go on.

Examples:
  sadpctl reset import requests
  sadpctl reset import answer.xml --device 44:47:cc:1d:6d:13
  sadpctl reset import --device 192.168.1.64 --key-file key.txt")]
pub(crate) struct ImportArgs {
    /// Answer files, request packages, or folders of them
    #[arg(value_name = "PATH", required_unless_present = "device")]
    pub(crate) paths: Vec<PathBuf>,

    /// The device that the answer or key is for: its full serial number, MAC or
    /// IPv4 address
    #[arg(long, value_name = "DEVICE")]
    pub(crate) device: Option<DeviceName>,

    /// Where the key stands
    #[arg(
        long,
        value_name = "F",
        requires = "device",
        conflicts_with = "paths",
        help = "Read the vendor's key from this file, - for a line of standard input; else asked for"
    )]
    pub(crate) key_file: Option<PathBuf>,

    /// Have recorders pass the new password on to their cameras; those that do
    /// not offer it are left out
    #[arg(long)]
    pub(crate) sync_cameras: bool,

    #[command(flatten)]
    pub(crate) password: NewPasswordArgs,

    #[command(flatten)]
    pub(crate) change: ChangeArgs,

    /// So many devices at once
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallel: u16,

    #[command(flatten)]
    pub(crate) ask: AskArgs,
}
