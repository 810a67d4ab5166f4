//! What is read from an authorization header.
