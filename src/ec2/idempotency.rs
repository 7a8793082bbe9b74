//! `ClientToken`: a call that comes again answers what the first one made, and makes nothing.

use super::{COMMON, Error};
use crate::clock;
use crate::db::client_tokens::{self, Given};
use crate::db::{self, Conn};
use crate::network::records::{self, Kept, Record};
use crate::wire::query::{self, Params};
use sha2::{Digest, Sha256};

/// How long a token is remembered, in milliseconds.
const REMEMBERED_MS: i64 = 24 * 3_600_000;
const LONGEST: usize = 64;

/// A request's token, if it has one, and what tells the request from others.
pub struct Token {
    action: &'static str,
    text: Option<String>,
    fingerprint: String,
}

impl Token {
    /// Read it; `action` is AWS's name. Everything else in the form belongs to the fingerprint.
    pub fn read(p: &Params<'_>, action: &'static str) -> Result<Token, query::Error> {
        let text = p.opt("ClientToken").filter(|text| !text.is_empty());
        if let Some(token) = text.filter(|t| t.len() > LONGEST || !t.is_ascii()) {
            return Err(p.invalid("ClientToken", token, "Expecting at most 64 ASCII characters."));
        }
        let mut digest = Sha256::new();
        for (name, value) in p.values() {
            let first = name.split('.').next().unwrap_or_default();
            if first != "ClientToken" && !COMMON.contains(&first) {
                digest.update(format!("{name}={value}\n"));
            }
        }
        Ok(Token { action, text: text.map(str::to_owned), fingerprint: hex::encode(digest.finalize()) })
    }

    /// As the client sent it.
    pub fn text(&self) -> Option<String> {
        self.text.clone()
    }

    fn given<'a>(&'a self, account: &'a str, region: &'a str) -> Option<Given<'a>> {
        self.text.as_deref().map(|token| Given { account, region, action: self.action, token })
    }

    /// The id of what an earlier call with this token made. Other parameters than then are an error.
    pub fn made(&self, c: &Conn, account: &str, region: &str) -> Result<Option<String>, Error> {
        let Some(given) = self.given(account, region) else { return Ok(None) };
        match client_tokens::find(c, given)? {
            Some((then, _)) if then != self.fingerprint => Err(Error::TokenReused),
            found => Ok(found.map(|(_, made)| made)),
        }
    }

    /// What an earlier call with this token made, or what `make` makes now.
    pub fn once<T: Record>(
        &self,
        c: &Conn,
        account: &str,
        region: &str,
        make: impl FnOnce() -> Result<Kept<T>, Error>,
    ) -> Result<Kept<T>, Error> {
        if let Some(made) = self.made(c, account, region)? {
            return Ok(records::need(c, account, region, &made)?);
        }
        let made = make()?;
        self.keep(c, account, region, &made.id)?;
        Ok(made)
    }

    /// Remember what the call made.
    pub fn keep(&self, c: &Conn, account: &str, region: &str, made: &str) -> Result<(), Error> {
        Ok(self.keep_in(c, account, region, made)?)
    }

    /// [`Token::keep`] inside of a room's transaction.
    pub fn keep_in(&self, c: &Conn, account: &str, region: &str, made: &str) -> Result<(), db::Error> {
        let Some(given) = self.given(account, region) else { return Ok(()) };
        let now = clock::now_ms();
        client_tokens::keep(c, given, &self.fingerprint, made, now, now - REMEMBERED_MS)
    }
}
