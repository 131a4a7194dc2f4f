//! Timers, in simulated time: what each of them does, and all of them over networks at their worst.

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
