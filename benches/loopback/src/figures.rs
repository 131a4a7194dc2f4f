//! Medians and their spread.

/// The figures of the rounds.
#[derive(Clone, Debug, Default)]
pub struct Figures(pub Vec<f64>);

impl Figures {
    /// Returns the value below which this part of the figures is.
    pub fn quantile(&self, part: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
        let place = part * last as f64;
        let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
        below + (above - below) * place.fract()
    }

    /// Returns the median.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}

/// Returns a row of a Markdown table.
pub fn row(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

/// Returns the first two lines of a Markdown table whose first `names` columns are no figures.
pub fn head(cells: &[&str], names: usize) -> String {
    let cells: Vec<String> = cells.iter().map(ToString::to_string).collect();
    let rule = |i| if i < names { "---".into() } else { "---:".into() };
    let rules: Vec<String> = (0..cells.len()).map(rule).collect();
    format!("{}\n{}", row(&cells), row(&rules))
}
