//! What holds for the project as a whole. One binary, so that it links once.

mod layers;
mod source;
mod unit;
