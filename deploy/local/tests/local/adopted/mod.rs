//! Both services on databases of the old application that were taken over.

mod log_ins;
mod odd_rows;
mod services;
mod there_and_back;
