//! A vendor's error codes as an enum: each with its text and the HTTP status that comes with it. Which code a refusal has
//! is the dialects'.

/// Declares `Code` from lines of `Name = "text" STATUS;`, the status as `http::StatusCode` names it.
macro_rules! codes {
    ($($name:ident = $text:literal $status:ident;)*) => {
        /// The vendor's codes that can arise here.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Code { $($name,)* }

        impl Code {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code's text.
            pub(super) const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The HTTP status that comes with it.
            pub(super) const fn status(self) -> http::StatusCode {
                match self { $(Self::$name => http::StatusCode::$status,)* }
            }
        }
    };
}

pub(crate) use codes;
