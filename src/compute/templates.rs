//! Launch templates: named parameters of launches, in numbered versions. Runs inside a caller's transaction.
//!
//! What the parameters mean is the launch's business; here they are JSON.

use crate::db::launch_templates::{self as rows, TemplateRow, VersionRow};
use crate::db::{self, Conn};
use crate::{clock, id};

/// How a request names a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    Id(String),
    Name(String),
}

/// How a request names a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    Default,
    Latest,
    Number(i64),
}

impl Version {
    /// `$Default`, `$Latest` or a number.
    pub fn parse(text: &str) -> Option<Version> {
        match text {
            "$Default" => Some(Version::Default),
            "$Latest" => Some(Version::Latest),
            number => number.parse().ok().filter(|n| *n > 0).map(Version::Number),
        }
    }
}

/// Why a template is not as it was wanted.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error(transparent)]
    Db(#[from] db::Error),
    /// `InvalidLaunchTemplateId.NotFound`
    #[error("The specified launch template, with template ID {0}, does not exist.")]
    NoId(String),
    /// `InvalidLaunchTemplateName.NotFoundException`
    #[error("The specified launch template, with template name {0}, does not exist.")]
    NoName(String),
    /// `InvalidLaunchTemplateName.AlreadyExistsException`
    #[error("Launch template name already in use.")]
    NameTaken,
    /// `InvalidLaunchTemplateId.VersionNotFound`
    #[error("Could not find the specified version {number} for the launch template with ID {id}.")]
    NoVersion { id: String, number: String },
}

/// Make a template with its first version.
pub fn create(
    c: &Conn,
    account: &str,
    region: &str,
    name: &str,
    description: Option<String>,
    data: String,
) -> Result<TemplateRow, TemplateError> {
    let now = clock::now_ms();
    let template = TemplateRow {
        id: id::new(id::Kind::LaunchTemplate),
        account: account.to_owned(),
        region: region.to_owned(),
        name: name.to_owned(),
        default_version: 1,
        made: 1,
        created_at: now,
    };
    if !rows::insert(c, &template)? {
        return Err(TemplateError::NameTaken);
    }
    rows::insert_version(c, &template.id, &VersionRow { number: 1, description, data, created_at: now })?;
    Ok(template)
}

/// All templates of an account in a region, oldest first.
pub fn all(c: &Conn, account: &str, region: &str) -> Result<Vec<TemplateRow>, TemplateError> {
    Ok(rows::of_account(c, account, region)?)
}

/// The account's template of that name.
pub fn need(c: &Conn, account: &str, region: &str, name: &Name) -> Result<TemplateRow, TemplateError> {
    let is_it = |t: &TemplateRow| match name {
        Name::Id(id) => t.id == *id,
        Name::Name(name) => t.name == *name,
    };
    let found = all(c, account, region)?.into_iter().find(is_it);
    found.ok_or_else(|| match name {
        Name::Id(id) => TemplateError::NoId(id.clone()),
        Name::Name(name) => TemplateError::NoName(name.clone()),
    })
}

/// The versions of a template, newest first.
pub fn versions(c: &Conn, template: &TemplateRow) -> Result<Vec<VersionRow>, TemplateError> {
    Ok(rows::versions(c, &template.id)?)
}

/// One version of a template.
pub fn version(c: &Conn, template: &TemplateRow, which: Version) -> Result<VersionRow, TemplateError> {
    let mut all = versions(c, template)?.into_iter();
    let (found, number) = match which {
        Version::Latest => (all.next(), "$Latest".to_owned()),
        Version::Default => (all.find(|v| v.number == template.default_version), "$Default".to_owned()),
        Version::Number(n) => (all.find(|v| v.number == n), n.to_string()),
    };
    found.ok_or_else(|| TemplateError::NoVersion { id: template.id.clone(), number })
}

/// Add a version to a template.
pub fn add_version(
    c: &Conn,
    template: &mut TemplateRow,
    description: Option<String>,
    data: String,
) -> Result<VersionRow, TemplateError> {
    template.made += 1;
    let version = VersionRow { number: template.made, description, data, created_at: clock::now_ms() };
    rows::insert_version(c, &template.id, &version)?;
    rows::update(c, template)?;
    Ok(version)
}

/// Make a version the default one.
pub fn set_default(c: &Conn, template: &mut TemplateRow, which: Version) -> Result<(), TemplateError> {
    template.default_version = version(c, template, which)?.number;
    Ok(rows::update(c, template)?)
}

/// Delete a template with its versions.
pub fn delete(c: &Conn, template: &TemplateRow) -> Result<(), TemplateError> {
    rows::delete(c, &template.id)?;
    Ok(db::tags::forget(c, &template.id)?)
}
