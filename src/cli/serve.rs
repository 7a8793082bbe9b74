//! `novella serve`: open the cloud, listen, and end in order on SIGTERM or SIGINT.

use super::Outcome;
use crate::cloud::{Cloud, Opened};
use crate::config;
use crate::config::{Config, Driver, VirtType};
use crate::ec2::Ec2;
use crate::http::{self, Body, Meta, Request, Response, route::Target};
use crate::imds::{self, of_compute::OfCompute};
use crate::network;
use crate::objects;
use crate::s3::{self, S3};
use crate::ssm::Ssm;
use ::http::{Method, StatusCode, header};
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedReceiver;
use tracing_subscriber::EnvFilter;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A TOML file with what the operator chose; flags come first.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Where everything is kept.
    #[arg(long, env = "NOVELLA_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Address and port; port 0 takes a free one.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Which hypervisor carries instances.
    #[arg(long, value_enum)]
    driver: Option<Driver>,
    /// How processors run: under KVM, by QEMU's translator, or whichever works.
    #[arg(long, value_enum)]
    virt_type: Option<VirtType>,
    /// A libvirt of your own, instead of the embedded one.
    #[arg(long)]
    libvirt_uri: Option<String>,
}

impl Args {
    fn config(&self) -> Result<Config, config::Error> {
        let mut c = Config::load(self.config.as_deref())?;
        if let Some(dir) = &self.data_dir {
            c.data_dir = dir.clone();
        }
        c.listen = self.listen.unwrap_or(c.listen);
        c.driver = self.driver.unwrap_or(c.driver);
        c.virt_type = self.virt_type.unwrap_or(c.virt_type);
        c.libvirt_uri = self.libvirt_uri.clone().or(c.libvirt_uri);
        c.data_dir = std::path::absolute(&c.data_dir).unwrap_or(c.data_dir);
        Ok(c)
    }
}

pub fn run(args: Args) -> Outcome {
    let filter = EnvFilter::try_from_env("NOVELLA_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    if std::env::var_os("LIBVIRT_DEBUG").is_none() {
        // libvirt's own log, of which only errors matter here. SAFETY: the process has no other thread yet.
        unsafe { std::env::set_var("LIBVIRT_DEBUG", "4") };
    }
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let config = args.config()?;
    crate::fault::stop_at(config.testing.stop_at_effect);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(config))
}

async fn serve(config: Config) -> Outcome {
    let _lock = lock(&config.data_dir)?;
    let listener = tokio::net::TcpListener::bind(config.listen)
        .await
        .map_err(|e| format!("listening on {}: {e}", config.listen))?;
    let address = listener.local_addr()?;

    let opened = tokio::task::block_in_place(|| Cloud::open(config))?;
    let Opened { cloud, first_key, listeners } = opened;
    let untold = super::env::remember(&cloud.config.data_dir, address, first_key.as_ref())?;
    if let Some(key) = first_key.filter(|_| untold) {
        println!("Made account {} with access key {}.", key.account, key.access_key_id);
        println!("Its secret is in {}.", super::env::credentials_file(&cloud.config.data_dir).display());
        println!("Use it: eval \"$(novella env --data-dir {})\"", cloud.config.data_dir.display());
    }
    let network::Listeners { metadata, s3: doors } = listeners;
    start_loops(&cloud, metadata, address).await?;
    println!("Serving EC2, STS and S3 on http://{address} ({}).", cloud.compute.describe_host());

    let s3 = Arc::new(S3::new(cloud.objects.clone(), cloud.iam.clone(), cloud.config.clone()));
    let doors = tokio::spawn(serve_doors(doors, s3.clone()));
    let ssm = Ssm::new(cloud.config.clone(), cloud.iam.clone());
    let services = Services { ec2: Ec2::new(cloud.clone()), s3, ssm, cloud: cloud.clone() };
    http::serve(listener, Arc::new(services), asked_to_stop()?).await;
    if let Ok(Err(e)) = doors.await {
        tracing::warn!(error = %e, "guests' requests to S3");
    }
    if let Err(e) = cloud.objects.flush_logs().await {
        tracing::warn!(error = ?e, "access logs wait for the next start");
    }
    tokio::task::block_in_place(|| {
        if let Err(e) = cloud.network.tidy() {
            tracing::warn!(error = %e, "leaving guest networks");
        }
        cloud.db.close();
    });
    tracing::info!("stopped; guests go on");
    Ok(ExitCode::SUCCESS)
}

/// Start everything that works beside requests.
async fn start_loops(
    cloud: &Arc<Cloud>,
    metadata: UnboundedReceiver<network::Listener>,
    address: SocketAddr,
) -> Result<(), Box<dyn std::error::Error>> {
    let directory = Arc::new(OfCompute { db: cloud.db.clone(), compute: cloud.compute.clone() });
    let key = cloud.db.write(imds::token::Key::load).await?;
    tokio::spawn(imds::serve(metadata, directory, key));
    tokio::spawn(objects::janitor::run(cloud.objects.clone()));
    tokio::spawn(objects::lifecycle::run(cloud.objects.clone(), cloud.config.testing.lifecycle_day));
    tokio::spawn(objects::logging::run(cloud.objects.clone(), cloud.config.access_log_delivery()));
    s3::webhooks::start(&cloud.objects, &cloud.config.webhooks).await?;
    tokio::spawn(cloud.images.clone().run());
    tokio::spawn(cloud.volumes.clone().run());
    let cloud = cloud.clone();
    tokio::spawn(async move {
        if cloud.compute.is_real() {
            let (agent, db) = (cloud.network.clone(), cloud.db.clone());
            let restored = tokio::task::spawn_blocking(move || {
                let nics = db.read(network::attached_nics)?;
                agent.restore(&nics)
            });
            if let Ok(Err(e)) = restored.await {
                tracing::error!(error = %e, "restoring guest networks");
            }
            let doors = network::s3_gateway::doors(address);
            tokio::spawn(network::s3_gateway::run(cloud.network.clone(), cloud.db.clone(), doors));
        }
        cloud.compute.clone().run().await;
    });
    Ok(())
}

/// The data directory's lock: one server at a time.
pub(super) fn lock(dir: &Path) -> Result<nix::fcntl::Flock<std::fs::File>, Box<dyn std::error::Error>> {
    std::fs::create_dir_all(dir).map_err(|e| format!("making {}: {e}", dir.display()))?;
    let file = std::fs::File::create(dir.join("lock")).map_err(|e| format!("in {}: {e}", dir.display()))?;
    nix::fcntl::Flock::lock(file, nix::fcntl::FlockArg::LockExclusiveNonblock)
        .map_err(|_| format!("another novella serves {} already", dir.display()).into())
}

fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
    })
}

/// S3 as guests find it through a gateway endpoint: nothing but S3.
struct Door(Arc<S3>);

impl http::Handler for Door {
    async fn handle(&self, _target: Target, request: Request, meta: Meta) -> Response {
        self.0.handle(request, &meta).await
    }
}

/// Serve the sockets that the network opens for S3, until we are asked to stop and the requests under way have ended.
async fn serve_doors(mut doors: UnboundedReceiver<network::Listener>, s3: Arc<S3>) -> std::io::Result<()> {
    let door = Arc::new(Door(s3));
    let mut serving = tokio::task::JoinSet::new();
    let mut stop = std::pin::pin!(asked_to_stop()?);
    loop {
        let network::Listener { socket, mut closed, .. } = tokio::select! {
            () = &mut stop => break,
            listener = doors.recv() => match listener {
                Some(listener) => listener,
                None => break,
            },
        };
        while serving.try_join_next().is_some() {}
        let (listener, stop) = (tokio::net::TcpListener::from_std(socket)?, asked_to_stop()?);
        let until = async move {
            tokio::select! { () = stop => {}, _ = closed.changed() => {} }
        };
        serving.spawn(http::serve(listener, door.clone(), until));
    }
    while serving.join_next().await.is_some() {}
    Ok(())
}

struct Services {
    cloud: Arc<Cloud>,
    ec2: Ec2,
    s3: Arc<S3>,
    ssm: Ssm,
}

impl http::Handler for Services {
    async fn handle(&self, target: Target, request: Request, meta: Meta) -> Response {
        match target {
            Target::S3 => self.s3.handle(request, &meta).await,
            Target::Ssm => self.ssm.handle(request, &meta).await,
            Target::Website => {
                let bucket = http::route::website(request.uri(), request.headers()).unwrap_or_default();
                self.s3.website(&bucket, request, &meta).await
            }
            Target::Own => self.own(request).await,
            Target::Query => self.ec2.handle(request, &meta).await,
        }
    }
}

impl Services {
    /// `/_novella/…`: for those who run the server, not for AWS clients.
    async fn own(&self, request: Request) -> Response {
        let (parts, _) = request.into_parts();
        match (&parts.method, parts.uri.path()) {
            (&Method::GET, "/_novella/health") => {
                let health = serde_json::json!({
                    "status": "ok",
                    "version": env!("CARGO_PKG_VERSION"),
                    "hypervisor": self.cloud.compute.describe_host(),
                });
                plain(StatusCode::OK, "application/json", health.to_string())
            }
            (&Method::POST, "/_novella/reset") if self.cloud.config.testing.reset => match self.cloud.reset().await {
                Ok(()) => plain(StatusCode::NO_CONTENT, "text/plain", String::new()),
                Err(e) => plain(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", format!("{e}\n")),
            },
            _ => plain(StatusCode::NOT_FOUND, "text/plain", "no such page\n".into()),
        }
    }
}

fn plain(status: StatusCode, content_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response
}
