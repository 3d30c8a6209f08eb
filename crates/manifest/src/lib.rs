//! Turns documents into a world and its rules, or into errors that say where.
