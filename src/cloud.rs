//! The cloud: every room opened once, in order, and put together for the protocols above.

use crate::compute::Compute;
use crate::config::{Config, DefaultEncryption, Driver, KmsKey};
use crate::db::{self, Db};
use crate::iam::{FirstKey, Iam};
use crate::images::Images;
use crate::network::{self, Network};
use crate::volumes::{self, Volumes};
use crate::{id, images, objects};
use std::path::PathBuf;
use std::sync::Arc;

/// The rooms that protocols speak to.
pub struct Cloud {
    pub config: Arc<Config>,
    pub db: Db,
    pub iam: Arc<Iam>,
    pub objects: Arc<objects::Store>,
    pub images: Arc<Images>,
    pub network: Arc<Network>,
    pub volumes: Arc<Volumes>,
    pub compute: Arc<Compute>,
    /// What public addresses come out of.
    pub public_addresses: Arc<network::public::Pool>,
    /// This installation's own id: part of every name that it leaves on the machine.
    pub installation: String,
}

/// What opening a cloud gives beside it.
pub struct Opened {
    pub cloud: Arc<Cloud>,
    /// The access key that this start made, if it made one.
    pub first_key: Option<FirstKey>,
    /// Sockets in subnets that are to be served.
    pub listeners: network::Listeners,
}

/// Why a cloud cannot open.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the data directory {0}: {1}")]
    DataDir(PathBuf, std::io::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("objects: {0}")]
    Objects(#[from] objects::Error),
    #[error("images: {0}")]
    Images(#[from] images::Error),
    #[error("public_addresses: {0}")]
    PublicAddresses(String),
    #[error("volumes: {0}")]
    Volumes(#[from] volumes::Error),
    #[error("compute: {0}")]
    Compute(#[from] crate::compute::OpenError),
}

/// What the operator chose for the encryption of objects.
fn encryption(config: &Config) -> objects::encryption::Settings {
    let declared = |key: &KmsKey| objects::encryption::kms::Declared {
        id: key.id.clone(),
        alias: key.alias.clone(),
        account: key.account.clone(),
    };
    objects::encryption::Settings {
        by_default: match config.s3.default_encryption {
            DefaultEncryption::Aes256 => true,
            DefaultEncryption::None => false,
        },
        kms_keys: config.kms_keys.iter().map(declared).collect(),
    }
}

/// A range for documentation (RFC 5737), which is nobody's.
const NOBODYS: &str = "203.0.113.0/24";

fn public_addresses(config: &Config) -> Result<network::public::Pool, String> {
    let ranges = match &config.public_addresses {
        Some(ranges) => ranges.iter().map(|range| range.parse()).collect::<Result<_, _>>()?,
        None => vec![NOBODYS.parse()?],
    };
    let simulated = config.driver == crate::config::Driver::Simulated;
    Ok(network::public::Pool { ranges, subnets_give: simulated || config.public_addresses.is_some() })
}

impl Cloud {
    /// Open every room. Must be called on a thread of the async runtime that may block (it carries DHCP later on).
    pub fn open(config: Config) -> Result<Opened, Error> {
        let dir = config.data_dir.clone();
        let public_addresses = Arc::new(public_addresses(&config).map_err(Error::PublicAddresses)?);
        std::fs::create_dir_all(&dir).map_err(|e| Error::DataDir(dir.clone(), e))?;
        let db = Db::open(&dir.join("novella.db"))?;
        let installation = db.write_blocking(|c| db::iam::setting_or(c, "installation", &id::hex(8)))?;
        let (iam, first_key) = Iam::open(&db, &config.accounts)?;
        let objects = Arc::new(objects::Store::open_with(db.clone(), &dir, encryption(&config))?);
        let (network, listeners) = Network::open(&installation);
        let network = Arc::new(network);
        let bytes = match config.driver {
            Driver::Simulated if !config.testing.volume_files => volumes::Bytes::None,
            Driver::Simulated | Driver::Auto | Driver::Libvirt => volumes::Bytes::Files,
        };
        let volumes = Arc::new(Volumes::open(db.clone(), &dir, bytes)?);
        let images = Arc::new(Images::open(db.clone(), objects.clone(), volumes.clone(), &dir)?);
        let compute = Compute::open(
            db.clone(),
            images.clone(),
            network.clone(),
            volumes.clone(),
            public_addresses.clone(),
            &config,
            &installation,
        )?;
        let cloud = Cloud {
            config: Arc::new(config),
            db,
            iam: Arc::new(iam),
            objects,
            images,
            network,
            volumes,
            compute,
            public_addresses,
            installation,
        };
        Ok(Opened { cloud: Arc::new(cloud), first_key, listeners })
    }

    /// Wipe what accounts made: instances, networks, keys, tags and registered images. What the operator declared or
    /// imported stays. For tests that want a fresh cloud (`[testing] reset`).
    pub async fn reset(&self) -> Result<(), Error> {
        self.compute.wipe().await?;
        self.images.reset().await?;
        let objects = self.objects.clone();
        tokio::task::spawn_blocking(move || objects.wipe())
            .await
            .map_err(std::io::Error::other)
            .map_err(objects::Error::from)??;
        self.db.write(db::keypairs::wipe).await?;
        self.db.write(db::tags::wipe).await?;
        self.db.write(db::network::wipe).await?;
        Ok(())
    }
}
