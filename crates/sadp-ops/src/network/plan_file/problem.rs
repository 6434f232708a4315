use std::net::Ipv4Addr;

use sadp_model::{AddressError, MacAddr};

use super::FileKind;
use crate::network::BadChange;

/// What is wrong with a plan, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line in the file, from 1; 0 where it is unknown.
    pub line: u64,
    /// What is wrong there.
    pub cause: Cause,
}

impl Problem {
    pub(in crate::network) fn new(line: u64, cause: impl Into<Cause>) -> Self {
        let cause = cause.into();
        Self { line, cause }
    }
}

/// What can be wrong with a plan. Texts of the file are cut to a few words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The file has no header.
    #[error("the file is empty")]
    Empty,
    /// The file is no table of text.
    #[error(transparent)]
    OtherFile(#[from] FileKind),
    /// The workbook is damaged.
    #[error("the workbook cannot be read: {0}")]
    WorkbookDamaged(String),
    /// The workbook is larger than a plan can be when unpacked.
    #[error("the workbook has more than {} MB when unpacked", .0 >> 20)]
    WorkbookTooLarge(u64),
    /// Several sheets have the columns of a plan.
    #[error("several sheets of the workbook are plans: {0}")]
    SeveralSheets(String),
    /// Cells are merged: which of them has the value is not known.
    #[error("the cells {0} are merged")]
    MergedCells(String),
    /// The file cannot be read as CSV.
    #[error("no CSV: {0}")]
    NotCsv(String),
    /// A cell holds whole rows.
    #[error("a quote is opened and not closed: the rows behind it are taken for one cell")]
    OpenQuote,
    /// A column stands twice.
    #[error("two columns have the name {0}")]
    ColumnTwice(&'static str),
    /// A column that is needed is missing.
    #[error("the column {0} is missing")]
    ColumnMissing(&'static str),
    /// A row is longer than the header.
    #[error("{cells} cells stand under {columns} columns")]
    TooManyCells {
        /// The cells of the row.
        cells: usize,
        /// The columns of the header.
        columns: usize,
    },
    /// A cell that is needed is empty.
    #[error("{0} is empty")]
    CellEmpty(String),
    /// A cell cannot be read.
    #[error("{column} is {text}, not {expected}")]
    Cell {
        /// The column, by its title.
        column: String,
        /// The cell's text, in quotes.
        text: String,
        /// What stands there in a plan that can be read.
        expected: &'static str,
    },
    /// DHCP is to be on. A planned address is a fixed one.
    #[error(
        "{0} is on, so a server gives the address: write off, or leave the device out and use net set DEVICE --dhcp on"
    )]
    DhcpOn(String),
    /// The MAC is not that of a single device.
    #[error("{0} is not the MAC of a single device")]
    SharedMac(String),
    /// A device stands twice.
    #[error("{mac} is already in line {line}")]
    DeviceTwice {
        /// The device.
        mac: MacAddr,
        /// Its first line.
        line: u64,
    },
    /// An address is given twice.
    #[error("{address} is already given in line {line}")]
    AddressTwice {
        /// The address.
        address: Ipv4Addr,
        /// Its first line.
        line: u64,
    },
    /// No device can have the address, mask or gateway.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The device that was found cannot have the settings.
    #[error(transparent)]
    Change(#[from] BadChange),
}
