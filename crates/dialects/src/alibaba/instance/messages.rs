//! The API's protobuf messages (proto3), numbered as the vendor's clients number them. Where one of the vendor's
//! messages is another with a field more, one type stands for both: proto3 does not write what is empty.
//! Fields that may hold secrets share the buffer they were read from, or are wiped after they were written; no message
//! can be shown or copied.

use bytes::Bytes;
use prost::Message;
use trent_core::crypto::SecretBytes;
use zeroize::Zeroizing;

/// Of Encrypt and AdvanceEncrypt.
#[derive(Message)]
#[prost(skip_debug)]
pub(super) struct EncryptRequest {
    #[prost(string, tag = "1")]
    pub(super) key_id: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) plaintext: Bytes,
    #[prost(string, tag = "3")]
    pub(super) algorithm: String,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) aad: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    pub(super) iv: Bytes,
    #[prost(string, tag = "6")]
    pub(super) padding_mode: String,
}

/// Of Encrypt, and with the version's id of AdvanceEncrypt.
#[derive(Message)]
#[prost(skip_debug)]
pub(super) struct EncryptResponse {
    #[prost(string, tag = "1")]
    pub(super) key_id: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) ciphertext_blob: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) iv: Bytes,
    #[prost(string, tag = "4")]
    pub(super) request_id: String,
    #[prost(string, tag = "5")]
    pub(super) algorithm: String,
    #[prost(string, tag = "6")]
    pub(super) padding_mode: String,
    #[prost(string, tag = "7")]
    pub(super) key_version_id: String,
}

/// Of Decrypt and AdvanceDecrypt.
#[derive(Message)]
#[prost(skip_debug)]
pub(super) struct DecryptRequest {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) ciphertext_blob: Bytes,
    #[prost(string, tag = "2")]
    pub(super) key_id: String,
    #[prost(string, tag = "3")]
    pub(super) algorithm: String,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) aad: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    pub(super) iv: Bytes,
    #[prost(string, tag = "6")]
    pub(super) padding_mode: String,
}

/// Of Decrypt, and with the version's id of AdvanceDecrypt.
#[derive(Message)]
#[prost(skip_debug)]
pub(super) struct DecryptResponse {
    #[prost(string, tag = "1")]
    pub(super) key_id: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) plaintext: Bytes,
    #[prost(string, tag = "3")]
    pub(super) request_id: String,
    #[prost(string, tag = "4")]
    pub(super) algorithm: String,
    #[prost(string, tag = "5")]
    pub(super) padding_mode: String,
    #[prost(string, tag = "6")]
    pub(super) key_version_id: String,
}

#[derive(Message)]
#[prost(skip_debug)]
pub(super) struct GenerateDataKeyRequest {
    #[prost(string, tag = "1")]
    pub(super) key_id: String,
    #[prost(string, tag = "2")]
    pub(super) algorithm: String,
    #[prost(int32, tag = "3")]
    pub(super) number_of_bytes: i32,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) aad: Bytes,
}

#[derive(Message)]
#[prost(skip_debug)]
pub(super) struct AdvanceGenerateDataKeyRequest {
    #[prost(string, tag = "1")]
    pub(super) key_id: String,
    #[prost(int32, tag = "2")]
    pub(super) number_of_bytes: i32,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) aad: Bytes,
}

/// Of GenerateDataKey, and with the version's id of AdvanceGenerateDataKey.
#[derive(Message)]
#[prost(skip_debug)]
pub(super) struct GenerateDataKeyResponse {
    #[prost(string, tag = "1")]
    pub(super) key_id: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) iv: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) plaintext: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) ciphertext_blob: Bytes,
    #[prost(string, tag = "5")]
    pub(super) request_id: String,
    #[prost(string, tag = "6")]
    pub(super) algorithm: String,
    #[prost(string, tag = "7")]
    pub(super) key_version_id: String,
}

/// Of GenerateDataKeyPair and GenerateDataKeyPairWithoutPlaintext.
#[derive(Message)]
#[prost(skip_debug)]
pub(super) struct GenerateDataKeyPairRequest {
    #[prost(string, tag = "1")]
    pub(super) key_id: String,
    #[prost(string, tag = "2")]
    pub(super) algorithm: String,
    #[prost(string, tag = "3")]
    pub(super) key_pair_spec: String,
    #[prost(string, tag = "4")]
    pub(super) key_format: String,
    #[prost(bytes = "bytes", tag = "5")]
    pub(super) aad: Bytes,
}

/// Of AdvanceGenerateDataKeyPair and AdvanceGenerateDataKeyPairWithoutPlaintext.
#[derive(Message)]
#[prost(skip_debug)]
pub(super) struct AdvanceGenerateDataKeyPairRequest {
    #[prost(string, tag = "1")]
    pub(super) key_id: String,
    #[prost(string, tag = "2")]
    pub(super) key_pair_spec: String,
    #[prost(string, tag = "3")]
    pub(super) key_format: String,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) aad: Bytes,
}

/// Of GenerateDataKeyPair, and with the version's id of AdvanceGenerateDataKeyPair.
#[derive(Message)]
#[prost(skip_debug)]
pub(super) struct GenerateDataKeyPairResponse {
    #[prost(string, tag = "1")]
    pub(super) key_id: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) iv: Bytes,
    #[prost(string, tag = "3")]
    pub(super) key_pair_spec: String,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) private_key_plaintext: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    pub(super) private_key_ciphertext_blob: Bytes,
    #[prost(bytes = "bytes", tag = "6")]
    pub(super) public_key: Bytes,
    #[prost(string, tag = "7")]
    pub(super) request_id: String,
    #[prost(string, tag = "8")]
    pub(super) algorithm: String,
    #[prost(string, tag = "9")]
    pub(super) key_version_id: String,
}

/// Of GenerateDataKeyPairWithoutPlaintext, and with the version's id of AdvanceGenerateDataKeyPairWithoutPlaintext.
#[derive(Message)]
#[prost(skip_debug)]
pub(super) struct GenerateDataKeyPairWithoutPlaintextResponse {
    #[prost(string, tag = "1")]
    pub(super) key_id: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) iv: Bytes,
    #[prost(string, tag = "3")]
    pub(super) key_pair_spec: String,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) private_key_ciphertext_blob: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    pub(super) public_key: Bytes,
    #[prost(string, tag = "6")]
    pub(super) request_id: String,
    #[prost(string, tag = "7")]
    pub(super) algorithm: String,
    #[prost(string, tag = "8")]
    pub(super) key_version_id: String,
}

#[derive(Message)]
#[prost(skip_debug)]
pub(super) struct GetPublicKeyRequest {
    #[prost(string, tag = "1")]
    pub(super) key_id: String,
}

#[derive(Message)]
#[prost(skip_debug)]
pub(super) struct GetPublicKeyResponse {
    #[prost(string, tag = "1")]
    pub(super) key_id: String,
    #[prost(string, tag = "2")]
    pub(super) public_key: String,
    #[prost(string, tag = "3")]
    pub(super) request_id: String,
}

/// The body of every answer that is a refusal.
#[derive(Message)]
#[prost(skip_debug)]
pub(super) struct Error {
    /// The HTTP status.
    #[prost(int32, tag = "1")]
    pub(super) status_code: i32,
    #[prost(string, tag = "2")]
    pub(super) error_code: String,
    #[prost(string, tag = "3")]
    pub(super) error_message: String,
    #[prost(string, tag = "4")]
    pub(super) request_id: String,
}

/// The message's bytes, in a buffer that is made once in its final size and wiped when the last holder drops it.
pub(super) fn encode(message: &impl Message) -> Bytes {
    let mut bytes = Zeroizing::new(Vec::with_capacity(message.encoded_len()));
    message.encode_raw(&mut *bytes);
    Bytes::from_owner(bytes)
}

/// A secret as a field of a message.
pub(super) fn field(secret: SecretBytes) -> Bytes {
    struct Owner(SecretBytes);

    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            self.0.expose()
        }
    }

    Bytes::from_owner(Owner(secret))
}
