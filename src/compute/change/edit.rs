//! Changes of what an instance is like, rather than of whether it runs.

use crate::compute::options::{Cpu, MetadataEdit, Options, ReservationWish, ShutdownBehavior};
use crate::compute::spec::{Instance, Spec, both};
use crate::compute::state::{Observed, State, visible};
use crate::compute::{Compute, Error, dedicated, placement, types};
use crate::db::instances::InstanceRow;
use crate::{db, network};

/// One attribute's new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Takes a stopped instance, like the next two.
    InstanceType(String),
    /// Base64; `None` takes the user data away.
    UserData(Option<String>),
    EbsOptimized(bool),
    DisableApiTermination(bool),
    DisableApiStop(bool),
    ShutdownBehavior(ShutdownBehavior),
    SourceDestCheck(bool),
    /// Ids of security groups.
    Groups(Vec<String>),
    Monitoring(bool),
    Metadata(MetadataEdit),
    /// Takes a stopped instance.
    Placement(PlacementEdit),
    /// Takes a stopped instance.
    Cpu(Cpu),
    /// Takes a stopped instance.
    Capacity(ReservationWish),
    Credits(String),
    /// Automatic recovery and migration by reboot: whether they are wanted.
    Maintenance {
        auto_recovery: Option<bool>,
        reboot_migration: Option<bool>,
    },
    /// Names by resource, and an A record for them.
    DnsNames {
        by_resource: Option<bool>,
        a_record: Option<bool>,
    },
}

/// Where an instance is to be; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlacementEdit {
    /// The placement group; `Some(None)`: none.
    pub group: Option<Option<placement::Wish>>,
    pub tenancy: Option<String>,
    /// The dedicated host.
    pub host: Option<String>,
    /// Whether it stays on its dedicated host.
    pub affinity: Option<bool>,
}

impl Compute {
    /// Give all of `ids` (of one account and region) the new value, or none of them.
    pub async fn edit(
        &self,
        account: &str,
        region: &str,
        ids: Vec<String>,
        edit: Edit,
    ) -> Result<Vec<Instance>, Error> {
        let (account, region) = (account.to_owned(), region.to_owned());
        let edited = self.db.write(move |c| {
            let rows = super::owned(c, &account, &region, ids)?;
            let mut edited = Vec::new();
            for mut row in rows {
                if apply(c, &mut row, &edit)? {
                    super::write(c, &mut row)?;
                }
                edited.push(Instance::load(c, row)?);
            }
            Ok::<_, Error>(edited)
        });
        let edited = edited.await?;
        self.wake();
        Ok(edited)
    }
}

/// Put the new value into the row; `false`: it has it already.
fn apply(c: &db::Conn, row: &mut InstanceRow, edit: &Edit) -> Result<bool, Error> {
    let (desired, observed) = both(row)?;
    let state = visible(desired, observed);
    if observed == Observed::Gone || state == State::ShuttingDown {
        return Err(Error::Ended { id: row.id.clone(), state });
    }
    let needs_rest = matches!(
        edit,
        Edit::InstanceType(_)
            | Edit::UserData(_)
            | Edit::EbsOptimized(_)
            | Edit::Placement(_)
            | Edit::Cpu(_)
            | Edit::Capacity(_)
    );
    if needs_rest && state != State::Stopped {
        return Err(Error::NotStopped(row.id.clone()));
    }
    let before = row.clone();
    let mut spec = Spec::parse(&row.spec)?;
    let options = &mut spec.options;
    match edit {
        Edit::InstanceType(name) => {
            let size = types::find(name).ok_or_else(|| Error::NoSuchType(name.clone()))?;
            row.instance_type = name.clone();
            (row.vcpus, row.memory_mib) = (i64::from(size.vcpus), size.memory_mib as i64);
            // What its processors were like was the other type's.
            options.cpu = None;
            spec.redefine |= before.instance_type != *name;
        }
        Edit::UserData(text) => spec.user_data = text.clone(),
        Edit::EbsOptimized(on) => options.ebs_optimized = *on,
        Edit::DisableApiTermination(on) => options.disable_api_termination = *on,
        Edit::DisableApiStop(on) => options.disable_api_stop = *on,
        Edit::ShutdownBehavior(behavior) => options.shutdown_behavior = *behavior,
        Edit::SourceDestCheck(_) | Edit::Groups(_) => edit_card(c, row, edit)?,
        Edit::Placement(edit) => {
            if let Some(wish) = &edit.group {
                let enter = |wish| placement::enter(c, &row.account, &row.region, wish, &row.instance_type);
                options.placement = wish.as_ref().map(enter).transpose()?;
            }
            to_host(c, row, edit, options)?;
        }
        Edit::Monitoring(on) => options.monitoring = *on,
        Edit::Cpu(cpu) => {
            if !types::find(&row.instance_type).is_some_and(|size| cpu.fits(size)) {
                let instance_type = row.instance_type.clone();
                return Err(Error::NoSuchCores { cores: cpu.cores, threads: cpu.threads, instance_type });
            }
            (options.cpu, row.vcpus) = (Some(*cpu), cpu.vcpus());
            spec.redefine |= row.vcpus != before.vcpus;
        }
        Edit::Capacity(wish) => options.capacity = wish.clone(),
        Edit::Credits(credits) => options.credits = Some(credits.clone()),
        Edit::Maintenance { auto_recovery, reboot_migration } => {
            options.no_auto_recovery = auto_recovery.map_or(options.no_auto_recovery, |wanted| !wanted);
            options.no_reboot_migration = reboot_migration.map_or(options.no_reboot_migration, |wanted| !wanted);
        }
        Edit::DnsNames { by_resource, a_record } => {
            let now = &mut options.dns_names;
            now.by_resource = by_resource.unwrap_or(now.by_resource);
            now.a_record = a_record.unwrap_or(now.a_record);
        }
        Edit::Metadata(edit) => options.metadata = edit.over(&options.metadata),
    }
    row.spec = spec.to_json();
    Ok(*row != before)
}

/// Put the instance onto dedicated hosts, onto another of them, or away from them.
fn to_host(c: &db::Conn, row: &InstanceRow, edit: &PlacementEdit, options: &mut Options) -> Result<(), Error> {
    if let Some(tenancy) = &edit.tenancy {
        options.tenancy = tenancy.clone();
    }
    if let Some(host) = &edit.host {
        dedicated::may_move(c, row, host)?;
        (options.tenancy, options.host) = (dedicated::TENANCY.into(), Some(host.clone()));
    }
    options.host_affinity = edit.affinity.unwrap_or(options.host_affinity);
    if options.tenancy != dedicated::TENANCY {
        (options.host, options.host_affinity) = (None, false);
    }
    match options.host.is_none() && edit.affinity == Some(true) {
        true => Err(dedicated::DedicatedError::NoHost(row.id.clone()).into()),
        false => Ok(()),
    }
}

/// What belongs to the instance's interface.
fn edit_card(c: &db::Conn, row: &InstanceRow, edit: &Edit) -> Result<(), Error> {
    let Some(mut nic) = network::nic(c, &row.eni_id)? else { return Ok(()) };
    if let Edit::SourceDestCheck(on) = edit {
        nic.details_mut().source_dest_check = *on;
    }
    if let Edit::Groups(ids) = edit {
        nic.groups = network::groups::choose(c, &row.account, &row.region, &nic.subnet.vpc_id, ids, &[])?.into();
    }
    Ok(network::update_nic(c, &nic)?)
}
