#![allow(clippy::unwrap_used)]

/// The public key of the known answers.
pub(crate) const VECTOR_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1vHbt/4QobySVyUlNIqjb7Ms21lxrwOpJ7574F/GsEMy7XBFJoQyiZYoyaXzN+6ILZZmjENWgkC2q0i0MQcJaPLg696wJZum2/4q6udNOG+KDgyJG7DI/jCMS3tpNFe9HaFe/53sJwTuCQ5Zu52gw0mxW5t3aZsZzm6Ux5y8Fafqgy3njqKSOz4ZLaa0xo1uhb5lqpwsHQuGQPkUTwqL+HPCpunTp4ibP/+Nc2mCaZXoN9ihh2g8o/julL4suqNFb6sb+37xfuD+bqPyDPPDD14AHHJ4v7VBYwfripSH95TYLgjV3VGcez8Wocs6+xtWuQqJbc6cOlv3fvgcGqsV/QIDAQAB";
