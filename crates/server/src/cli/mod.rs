//! The command line: what can be asked, and the exit codes (0 done, 1 failed, 2 asked wrongly).

mod access;
mod dev;
mod env;
mod output;
mod place;
mod serve;
mod shell;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use output::Output;

/// A key management server that speaks the wire APIs of several vendors.
#[derive(Parser)]
#[command(name = "trent", version, max_term_width = 100)]
struct Cli {
    /// Print JSON for machines
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve on this host for development: everything is made on first use
    Dev(dev::Args),
    /// Print what clients of a development server need
    Env(env::Args),
    /// Serve as a configuration says
    Serve(serve::Args),
    /// Say who may do what: tenants, principals and credentials
    Access(access::Args),
}

/// Runs the command that the arguments name.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.json);
    let done = match cli.command {
        Command::Dev(args) => dev::run(&args, output),
        Command::Env(args) => env::run(&args, output),
        Command::Serve(args) => serve::run(&args, output),
        Command::Access(args) => access::run(&args, output),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.failure(&error);
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
