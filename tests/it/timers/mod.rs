//! Timers in simulated time: each of them alone, and all of them over networks at their worst.

mod closing;
mod end;
mod keep_alive;
mod message;
mod network;
mod random;
mod simulation;
mod slowloris;
mod time;
mod watched;
mod write;
