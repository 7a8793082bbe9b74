//! Instances: what was asked for, what was seen, and the loop that makes the second follow the first.
//!
//! ```text
//! RunInstances -> launch: one transaction writes intent -> wake
//!                                    |
//!   rows --due--> reconcile: observe, next_step, act, write back --> rows
//!                                    |
//!                          driver / images / network / folder
//! ```
//!
//! The database is the queue. A row says what is desired and what was last observed; the state that the API shows is
//! computed from both ([`state::visible`]). A request commits its intent and never waits for a hypervisor. After a crash the
//! loop looks at every row again, so recovery is the same path as everything else.
//!
//! The files lie in layers. Each names only what lies below it, and the [`Compute`] that all of them share:
//!
//! ```text
//! the loop           reconcile/                        rows become machines
//! who launches       spot/  fleet/                     launches that wait for room
//! what is asked for  launch/  change/  capture/        a request is one transaction of rows
//! why not            error                             what a request is refused for
//! whose room it is   placement  dedicated  capacity    groups, hosts and reservations that instances go into
//! what it is         spec  options  types  records  defaults  templates  key_material
//! what is next       state  schedule/                  pure
//! the host           driver/  folder  probe
//! ```

pub mod capacity;
mod capture;
mod change;
pub mod check;
pub mod dedicated;
pub mod defaults;
pub mod driver;
mod error;
pub mod fleet;
mod folder;
pub mod key_material;
mod launch;
mod options;
pub mod placement;
mod probe;
mod reconcile;
pub mod records;
mod schedule;
mod screen;
mod spec;
pub mod spot;
pub mod state;
pub mod templates;
pub mod types;
mod wipe;

pub use capture::{CaptureError, CaptureRequest, bundle, capture, export};
pub use change::{Change, Edit, PlacementEdit, left_by_elastic};
pub use error::Error;
pub use launch::{InterfaceWish, LaunchRequest};
pub use options::{Cpu, DnsNames, MetadataEdit, MetadataOptions, Options, ReservationWish, ShutdownBehavior};
pub use screen::ScreenError;
pub use spec::{Instance, InstanceProfile, Key, Spec};

use crate::db::instances::HostRow;
use crate::db::{self, Db};
use crate::images::Images;
use crate::network::{self, Network};
use crate::volumes::Volumes;
use crate::{clock, config};
use driver::Driver;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How many vCPUs may be promised for each that the host has (nova's default).
const CPU_OVERCOMMIT: i64 = 16;
/// How much memory may be promised, in halves of what the host has: 3 means 1.5 times (nova's default).
const MEMORY_HALVES: i64 = 3;
/// The one host so far: this machine.
const LOCAL_HOST: &str = "local";
/// How long a terminated instance stays visible, as on AWS.
pub const VISIBLE_AFTER_END: Duration = Duration::from_secs(3600);
/// What GetConsoleOutput gives: the last 64 KiB.
const CONSOLE_BYTES: u64 = 64 << 10;

/// What the disks of simulated machines stand on, which never run.
const NO_BASE: &str = "/nonexistent";

/// The room's handle.
pub struct Compute {
    db: Db,
    images: Arc<Images>,
    network: Arc<Network>,
    volumes: Arc<Volumes>,
    /// What public addresses of running instances come out of.
    public_addresses: Arc<network::public::Pool>,
    /// `None`: this machine has no hypervisor, and the host's row says why.
    driver: Option<Arc<dyn Driver>>,
    /// Whether KVM works; the first to ask waits for the probe guest.
    accelerated: Arc<Accelerated>,
    /// `instances/` below the data directory.
    dir: PathBuf,
    /// Part of every machine's UUID, so that two installations never make the same one.
    installation: String,
    boot_id: String,
    work: reconcile::Work,
}

/// The answer to whether machines run under KVM, found out beside the start.
struct Accelerated {
    known: OnceLock<bool>,
    wanted: config::VirtType,
    data_dir: PathBuf,
}

impl Accelerated {
    /// Start finding out, if there is something to find out.
    fn new(config: &config::Config, real: bool) -> Arc<Accelerated> {
        let answer = Arc::new(Accelerated {
            known: OnceLock::new(),
            wanted: if real { config.virt_type } else { config::VirtType::Qemu },
            data_dir: config.data_dir.clone(),
        });
        let early = answer.clone();
        std::thread::spawn(move || early.get());
        answer
    }

    /// Blocks while the probe guest runs, for some seconds at most.
    fn get(&self) -> bool {
        *self.known.get_or_init(|| probe::accelerated(self.wanted, &self.data_dir))
    }
}

/// What an instance's console showed.
#[derive(Debug)]
pub struct Console {
    /// The newest bytes, at most 64 KiB; empty when nothing was written yet.
    pub output: Vec<u8>,
    /// When it was last written to, in milliseconds since the epoch.
    pub at_ms: i64,
}

impl Compute {
    /// Open the room: choose the driver that `config` asks for, write the host's row. Starts nothing; see [`Compute::run`].
    /// Blocks while the hypervisor is opened and, the first time, probed.
    pub fn open(
        db: Db,
        images: Arc<Images>,
        network: Arc<Network>,
        volumes: Arc<Volumes>,
        public_addresses: Arc<network::public::Pool>,
        config: &config::Config,
        installation: &str,
    ) -> Result<Arc<Compute>, OpenError> {
        let dir = config.data_dir.join("instances");
        std::fs::create_dir_all(&dir).map_err(|e| OpenError::Folder(dir.clone(), e))?;
        let opened = open_driver(config, installation);
        let (driver, why_down) = match opened {
            Ok(driver) => (Some(driver), String::new()),
            Err(why) if config.driver == config::Driver::Auto => {
                tracing::warn!("no hypervisor: {why}");
                (None, why)
            }
            Err(why) => return Err(OpenError::Hypervisor(why)),
        };
        let real = driver.as_ref().is_some_and(|d| d.is_real());
        let accelerated = Accelerated::new(config, real);
        let host = host_row(config, driver.as_deref(), why_down);
        db.write_blocking(move |c| db::instances::upsert_host(c, &host, clock::now_ms()))?;
        Ok(Arc::new(Compute {
            db,
            images,
            network,
            volumes,
            public_addresses,
            driver,
            accelerated,
            dir,
            installation: installation.to_owned(),
            boot_id: std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned(),
            work: reconcile::Work::default(),
        }))
    }

    /// Whether machines run under KVM, and under which driver: for the log and the doctor.
    pub fn describe_host(&self) -> &'static str {
        match (&self.driver, self.accelerated.known.get()) {
            (None, _) => "no hypervisor",
            (Some(d), _) if !d.is_real() => "simulated",
            (Some(_), None) => "libvirt, probing KVM",
            (Some(_), Some(true)) => "libvirt, KVM",
            (Some(_), Some(false)) => "libvirt, QEMU without KVM",
        }
    }

    /// Whether machines are real: with disks and network ports on this host.
    pub fn is_real(&self) -> bool {
        self.driver.as_ref().is_some_and(|d| d.is_real())
    }

    /// The instances of an account in a region, terminated ones of the last hour included.
    pub fn instances(&self, account: &str, region: &str) -> Result<Vec<Instance>, db::Error> {
        self.db.read(|c| {
            let rows = db::instances::of_account(c, account, region)?;
            Instance::load_all(c, account, region, rows)
        })
    }

    /// Those of some ids, in the same order; an id that nothing has is left out.
    pub fn instances_named(&self, account: &str, region: &str, ids: &[String]) -> Result<Vec<Instance>, db::Error> {
        self.db.read(|c| {
            let ids: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
            let mut named = Vec::new();
            for id in ids {
                let row = db::instances::get(c, id)?.filter(|row| row.account == account && row.region == region);
                named.extend(row.map(|row| Instance::load(c, row)).transpose()?);
            }
            named.sort_by(|a, b| a.row.launch_order().cmp(&b.row.launch_order()));
            Ok(named)
        })
    }

    /// One instance of an account.
    pub fn instance(&self, account: &str, region: &str, id: &str) -> Result<Option<Instance>, db::Error> {
        self.db.read(|c| match db::instances::get(c, id)? {
            Some(row) if row.account == account && row.region == region => Instance::load(c, row).map(Some),
            Some(_) | None => Ok(None),
        })
    }

    /// What the console of an instance showed last. Blocks on a small file.
    pub fn console(&self, id: &str) -> std::io::Result<Console> {
        folder::Folder::new(&self.dir, id).console(CONSOLE_BYTES)
    }

    /// The base files that live instances stand on.
    fn bases_in_use(&self) -> Result<HashSet<String>, db::Error> {
        let specs = self.db.read(db::instances::specs_alive)?;
        Ok(specs.iter().filter_map(|s| Spec::parse(s).ok()).flat_map(|s| s.bases).collect())
    }

    /// Where an instance's files are.
    pub fn folder(&self, id: &str) -> PathBuf {
        folder::Folder::new(&self.dir, id).path().to_owned()
    }
}

/// Whether a probe guest runs under KVM; remembered in `data_dir` for this boot of the host.
pub fn kvm_works(data_dir: &Path) -> bool {
    probe::accelerated(config::VirtType::Auto, data_dir)
}

/// Why the room cannot open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("making {0}: {1}")]
    Folder(PathBuf, std::io::Error),
    #[error("{0} (`novella doctor` tells what to install)")]
    Hypervisor(String),
}

fn open_driver(config: &config::Config, installation: &str) -> Result<Arc<dyn Driver>, String> {
    match config.driver {
        config::Driver::Simulated => {
            Ok(Arc::new(driver::fake::Fake::open(Some(config.data_dir.join("simulated-machines")))))
        }
        config::Driver::Auto | config::Driver::Libvirt => {
            if config.libvirt_uri.is_none() && !Path::new(driver::libvirt::EMULATOR).exists() {
                return Err(format!("{} is missing", driver::libvirt::EMULATOR));
            }
            Network::capable().map_err(|why| why.to_string())?;
            let opened = match &config.libvirt_uri {
                Some(uri) => driver::libvirt::Libvirt::open(uri, installation),
                None => driver::libvirt::Libvirt::embedded(&config.data_dir.join("libvirt"), installation),
            };
            let libvirt = Arc::new(opened.map_err(|e| e.to_string())?);
            // The first look at an emulator takes libvirt seconds: have it looked at before the first launch.
            let warm = libvirt.clone();
            std::thread::spawn(move || {
                if let Err(e) = warm.warm() {
                    tracing::warn!(error = %e, "libvirt cannot use QEMU");
                }
            });
            Ok(libvirt)
        }
    }
}

fn host_row(config: &config::Config, driver: Option<&dyn Driver>, why_down: String) -> HostRow {
    let uri = match (config.driver, &config.libvirt_uri) {
        (config::Driver::Simulated, _) => "simulated:///".to_owned(),
        (_, Some(uri)) => uri.clone(),
        (_, None) => driver::libvirt::embedded_uri(&config.data_dir.join("libvirt")),
    };
    let capacity = driver.map(|d| d.capacity());
    let (size, why_down) = match capacity {
        Some(Ok(size)) => (Some(size), why_down),
        Some(Err(e)) => (None, e.to_string()),
        None => (None, why_down),
    };
    HostRow {
        id: LOCAL_HOST.into(),
        uri,
        zone: String::new(),
        vcpus: size.map_or(0, |s| i64::from(s.vcpus) * CPU_OVERCOMMIT),
        memory_mib: size.map_or(0, |s| s.memory_mib as i64 * MEMORY_HALVES / 2),
        up: size.is_some(),
        why_down,
    }
}

impl From<network::Error> for driver::Error {
    fn from(e: network::Error) -> Self {
        driver::Error::Failed(e.to_string())
    }
}
