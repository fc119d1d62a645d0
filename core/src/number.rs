//! Numbers that are kept as such, and read back only within their bounds.

/// Encodes a `$type` as the number that `$get` makes of it, and decodes only what `$new` takes.
macro_rules! kept_as_number {
    ($type:ident, $get:expr, $new:expr) => {
        impl<C> minicbor::Encode<C> for $type {
            fn encode<W: minicbor::encode::Write>(
                &self,
                encoder: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                let get: fn($type) -> u64 = $get;
                encoder.u64(get(*self))?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $type {
            fn decode(
                decoder: &mut minicbor::Decoder<'b>,
                _: &mut C,
            ) -> Result<Self, minicbor::decode::Error> {
                let number = decoder.u64()?;
                $new(number).map_err(|_| minicbor::decode::Error::message(stringify!($type)))
            }
        }
    };
}

pub(crate) use kept_as_number;
