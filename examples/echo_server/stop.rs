//! Why a command line leaves nothing to run.

use std::process::ExitCode;

/// Why there is nothing to run.
#[derive(Debug)]
pub(crate) enum Stop {
    Help,
    Wrong(String),
}

impl Stop {
    /// Prints the usage, under what is wrong where something is; returns the status to exit with.
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
