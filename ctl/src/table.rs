//! Tables, as wide as what they hold and no wider than the terminal.

use comfy_table::{ContentArrangement, Table, presets};

use crate::words::printable;

/// A table with a line of headings.
pub(crate) struct Columns {
    table: Table,
}

impl Columns {
    /// An empty table; `width` is the terminal's, if there is one.
    pub(crate) fn new<const N: usize>(headings: [&str; N], width: Option<u16>) -> Self {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(headings);
        if let Some(width) = width {
            table.set_width(width);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        Self { table }
    }

    /// One more line; control characters are left out.
    pub(crate) fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.table.add_row(cells.map(printable));
    }

    /// The lines, headings first.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        self.table.lines().map(|line| line.trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(width: Option<u16>) -> Vec<String> {
        let mut table = Columns::new(["ID", "LABEL"], width);
        table.row(["7f3a", "the phone that fell\x1b[31m into the sea"]);
        table.lines().collect()
    }

    #[test]
    fn columns_line_up_under_their_headings() {
        assert_eq!(
            table(None),
            ["ID    LABEL", "7f3a  the phone that fell[31m into the sea"]
        );
    }

    #[test]
    fn a_narrow_terminal_wraps_cells_instead_of_lines() {
        let lines = table(Some(24));
        assert!(lines.len() > 2, "{lines:?}");
        assert!(lines.iter().all(|line| line.len() <= 24), "{lines:?}");
    }
}
