//! Launch templates and their versions.

use super::{Conn, Error};

/// One template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateRow {
    /// `lt-…`
    pub id: String,
    pub account: String,
    pub region: String,
    pub name: String,
    pub default_version: i64,
    /// How many versions it ever had: the number of the newest.
    pub made: i64,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

/// One version of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    pub number: i64,
    pub description: Option<String>,
    /// JSON of the parameters.
    pub data: String,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

/// Keep a new template. `false`: its name is taken.
pub fn insert(c: &Conn, t: &TemplateRow) -> Result<bool, Error> {
    let n = c
        .prepare_cached(
            "INSERT INTO launch_templates (id, account, region, name, default_version, made, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )?
        .execute((&t.id, &t.account, &t.region, &t.name, t.default_version, t.made, t.created_at))?;
    Ok(n == 1)
}

/// The templates of an account in a region, oldest first.
pub fn of_account(c: &Conn, account: &str, region: &str) -> Result<Vec<TemplateRow>, Error> {
    let mut q = c.prepare_cached(
        "SELECT id, account, region, name, default_version, made, created_at FROM launch_templates
         WHERE account = ?1 AND region = ?2 ORDER BY created_at, id",
    )?;
    let rows = q.query_map((account, region), |r| {
        Ok(TemplateRow {
            id: r.get(0)?,
            account: r.get(1)?,
            region: r.get(2)?,
            name: r.get(3)?,
            default_version: r.get(4)?,
            made: r.get(5)?,
            created_at: r.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Write a template's default version and how many versions it had.
pub fn update(c: &Conn, t: &TemplateRow) -> Result<(), Error> {
    c.prepare_cached("UPDATE launch_templates SET default_version = ?2, made = ?3 WHERE id = ?1")?.execute((
        &t.id,
        t.default_version,
        t.made,
    ))?;
    Ok(())
}

/// Forget a template with its versions.
pub fn delete(c: &Conn, id: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM launch_templates WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Keep a new version.
pub fn insert_version(c: &Conn, template: &str, v: &VersionRow) -> Result<(), Error> {
    c.prepare_cached(
        "INSERT INTO launch_template_versions (template, number, description, data, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute((template, v.number, &v.description, &v.data, v.created_at))?;
    Ok(())
}

/// The versions of a template, newest first.
pub fn versions(c: &Conn, template: &str) -> Result<Vec<VersionRow>, Error> {
    let mut q = c.prepare_cached(
        "SELECT number, description, data, created_at FROM launch_template_versions
         WHERE template = ?1 ORDER BY number DESC",
    )?;
    let rows = q.query_map([template], |r| {
        Ok(VersionRow { number: r.get(0)?, description: r.get(1)?, data: r.get(2)?, created_at: r.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forget a version.
pub fn delete_version(c: &Conn, template: &str, number: i64) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM launch_template_versions WHERE template = ?1 AND number = ?2")?
        .execute((template, number))?;
    Ok(())
}

/// Forget all templates.
pub fn wipe(c: &Conn) -> Result<(), Error> {
    c.execute_batch("DELETE FROM launch_template_versions; DELETE FROM launch_templates;")?;
    Ok(())
}
