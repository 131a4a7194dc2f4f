//! Reasons to exit after reading the command line.

use std::process::ExitCode;

/// Why the program does not run.
#[derive(Debug)]
pub(crate) enum Stop {
    Help,
    Wrong(String),
}

impl Stop {
    /// Prints the usage, preceded by the error if there is one. Returns the exit status.
    pub(crate) fn print(self, usage: &str) -> ExitCode {
        match self {
            Stop::Help => {
                println!("{usage}");
                ExitCode::SUCCESS
            }
            Stop::Wrong(what) => {
                eprintln!("{what}\n\n{usage}");
                ExitCode::from(2)
            }
        }
    }
}
