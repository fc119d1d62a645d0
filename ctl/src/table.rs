//! Tables, as wide as what they hold and no wider than the terminal.

use comfy_table::{ContentArrangement, Table, presets};

use crate::words::printable;

/// A table with a line of headings.
pub(crate) struct Columns<const N: usize> {
    headings: [&'static str; N],
    rows: Vec<[String; N]>,
    width: Option<u16>,
}

/// How a table is drawn.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Drawing {
    /// A row on a line, below the headings.
    Rows { headings: String, rows: Vec<String> },
    /// A cell on a line, behind its heading, where rows would be wider than the terminal.
    Cells(Vec<String>),
}

impl<const N: usize> Columns<N> {
    /// An empty table; `width` is the terminal's, if there is one.
    pub(crate) fn new(headings: [&'static str; N], width: Option<u16>) -> Self {
        Self {
            headings,
            rows: Vec::new(),
            width,
        }
    }

    /// One more line; control characters are left out.
    pub(crate) fn row(&mut self, cells: [&str; N]) {
        self.rows.push(cells.map(printable));
    }

    /// The lines.
    pub(crate) fn drawing(&self) -> Drawing {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(self.headings);
        if let Some(width) = self.width {
            table.set_width(width);
        }
        for row in &self.rows {
            table.add_row(row);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        let mut lines = table.lines().map(|line| line.trim_end().to_owned());
        let headings = lines.next().unwrap_or_default();
        let rows: Vec<_> = lines.collect();
        // More lines than rows: some cell has been broken, and likely within a word.
        if rows.len() > self.rows.len() {
            Drawing::Cells(self.cells())
        } else {
            Drawing::Rows { headings, rows }
        }
    }

    fn cells(&self) -> Vec<String> {
        let column = self.headings.iter().map(|heading| heading.len()).max();
        let column = column.unwrap_or_default();
        let mut lines = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            if index > 0 {
                lines.push(String::new());
            }
            for (heading, cell) in self.headings.iter().zip(row) {
                lines.push(format!("{heading:column$}  {cell}"));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(width: Option<u16>) -> Drawing {
        let mut table = Columns::new(["ID", "LABEL"], width);
        table.row(["7f3a", "the phone that fell\x1b[31m into the sea"]);
        table.row(["8", "열쇠"]);
        table.drawing()
    }

    #[test]
    fn columns_line_up_under_their_headings() {
        let rows = ["7f3a  the phone that fell[31m into the sea", "8     열쇠"];
        for width in [None, Some(80)] {
            assert_eq!(
                table(width),
                Drawing::Rows {
                    headings: "ID    LABEL".to_owned(),
                    rows: rows.map(str::to_owned).to_vec(),
                }
            );
        }
    }

    #[test]
    fn on_a_narrow_terminal_each_cell_has_a_line_and_no_word_is_broken() {
        let Drawing::Cells(lines) = table(Some(24)) else {
            panic!("{:?}", table(Some(24)));
        };
        assert_eq!(
            lines,
            [
                "ID     7f3a",
                "LABEL  the phone that fell[31m into the sea",
                "",
                "ID     8",
                "LABEL  열쇠"
            ]
        );
    }
}
