//! What people chose for pages. It lasts as long as the run.

use sadp_ops::network::plan_file::PlanRow;
use sadp_reset::SiteText;
use sadp_text::LabelSize;

/// The columns that somebody chose for the list, by their places in the table of fields.
#[derive(Clone, Debug)]
pub(crate) struct ChosenColumns(pub(crate) Vec<u8>);

impl ChosenColumns {
    /// The usual ones.
    pub(crate) const USUAL: [u8; 8] = [26, 3, 1, 44, 11, 6, 24, 28];
}

impl Default for ChosenColumns {
    fn default() -> Self {
        Self(Self::USUAL.into())
    }
}

/// What people say about the site in a report, as somebody typed it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReportInput {
    pub(crate) title: Option<SiteText>,
    pub(crate) customer: Option<SiteText>,
    pub(crate) installer: Option<SiteText>,
    pub(crate) label_size: LabelSize,
    pub(crate) plan: Vec<PlanRow>,
}
