//! The loop: make the files that rows ask for, and remove those that none asks for any more.
//!
//! It takes no input and can be stopped anywhere: a layer's row is there before its file and is gone after it, a file appears under
//! its name when it is whole, and what is done twice is done once. Volumes that a running machine has are left alone.

use super::volume::{self, GIB};
use super::{Bytes, Error, Volumes, qcow2, snapshots};
use crate::db;
use crate::db::volumes::{LayerRow, VolumeRow};
use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// How often to look without a wake, for what failed.
const PERIOD: Duration = Duration::from_secs(30);
/// Ends the name of a file that is being written.
const PART: &str = ".part";

impl Volumes {
    /// The loop itself; runs until the process ends.
    pub async fn run(self: Arc<Self>) {
        if self.bytes == Bytes::None {
            return;
        }
        let volumes = self.clone();
        report(tokio::task::spawn_blocking(move || volumes.sweep()).await);
        loop {
            let volumes = self.clone();
            report(tokio::task::spawn_blocking(move || volumes.pass()).await);
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(PERIOD) => {}
            }
        }
    }

    /// Everything that can be done now. What fails stays for the next time and keeps nothing else from being done.
    fn pass(&self) -> Result<(), Error> {
        for layer in self.db.read(db::volumes::layers_to_make)? {
            tell(&layer.name, self.make(&layer));
        }
        for volume in self.db.read(db::volumes::unfinished)? {
            let id = volume.id.clone();
            tell(&id, if volume.next_layer.is_some() { self.switch(volume.id) } else { self.grow(volume.id) });
        }
        loop {
            let unused = self.db.read(db::volumes::layers_unused)?;
            let removed = unused.into_iter().filter(|layer| tell(&layer.name, self.remove(layer))).count();
            if removed == 0 {
                return Ok(());
            }
        }
    }

    /// Do what is left to do to the files of an instance's volumes, as far as they are no machine's, for one that cannot wait
    /// for the loop.
    pub fn finish_for(&self, instance: &str) -> Result<(), Error> {
        let free = self.db.read(|c| {
            let attachments = db::volumes::attachments_at(c, instance)?.into_iter().filter(|a| !a.plugged);
            attachments.map(|a| db::volumes::get(c, &a.volume)).collect::<Result<Vec<_>, db::Error>>()
        })?;
        for volume in free.into_iter().flatten() {
            if !volume.made {
                let layer = self.db.read(|c| db::volumes::layer_named(c, &volume.layer))?;
                layer.iter().try_for_each(|layer| self.make(layer))?;
            }
            if volume.next_layer.is_some() {
                self.make_next(&volume)?;
                self.switch(volume.id.clone())?;
            }
            self.grow(volume.id)?;
        }
        Ok(())
    }

    /// Make the file that a volume is to be written to next.
    pub fn make_next(&self, volume: &VolumeRow) -> Result<(), Error> {
        let Some(next) = &volume.next_layer else { return Ok(()) };
        let layer = self.db.read(|c| db::volumes::layer_named(c, next))?.filter(|layer| !layer.made);
        layer.map_or(Ok(()), |layer| self.make(&layer))
    }

    /// Make a layer's file, unless it is there.
    fn make(&self, layer: &LayerRow) -> Result<(), Error> {
        let _making = self.making.lock().expect("no panic while held");
        let path = self.path(&layer.name);
        let part = self.path(&format!("{}{PART}", layer.name));
        let made = || {
            if !path.exists() {
                gone(fs::remove_file(&part))?;
                // By its name alone: both are in one folder, which may be moved.
                let base = layer.base.as_ref().map(|name| qcow2::Base { path: Path::new(name), format: "qcow2" });
                qcow2::create(&part, base, layer.bytes as u64)?.sync_all()?;
                fs::set_permissions(&part, fs::Permissions::from_mode(0o600))?;
                crate::fault::effect("volume file");
                fs::rename(&part, &path)?;
            }
            fs::File::open(&self.dir)?.sync_all()
        };
        made().map_err(|e| Error::File(path.clone(), e))?;
        let (name, bytes) = (layer.name.clone(), layer.bytes);
        Ok(self.db.write_blocking(move |c| db::volumes::layer_made(c, &name, bytes))?)
    }

    /// Nothing writes to the volume: from now on its next layer is its file.
    fn switch(&self, id: String) -> Result<(), Error> {
        let switched = self.db.write_blocking(move |c| {
            let free = db::volumes::attachments_of(c, &id)?.iter().all(|a| !a.plugged);
            let Some(mut row) = db::volumes::get(c, &id)?.filter(|_| free) else { return Ok(()) };
            let next = row.next_layer.as_ref().map(|next| db::volumes::layer_named(c, next)).transpose()?.flatten();
            match next {
                Some(next) if next.made => snapshots::taken(c, &mut row),
                Some(_) | None => Ok(()),
            }
        });
        Ok(switched?)
    }

    /// Let the file of a volume that nothing writes to grow to the volume's size, if it is smaller.
    fn grow(&self, id: String) -> Result<(), Error> {
        let _making = self.making.lock().expect("no panic while held");
        let found = self.db.read(|c| volume::get(c, &id))?.filter(|v| v.attachments.iter().all(|a| !a.plugged));
        let Some(row) = found.map(|v| v.row).filter(|v| v.gib * GIB > v.bytes) else { return Ok(()) };
        let path = self.path(&row.layer);
        let bytes = row.gib * GIB;
        crate::fault::effect("volume grows");
        let ran =
            Command::new("qemu-img").args(["resize", "-q", "-f", "qcow2"]).arg(&path).arg(bytes.to_string()).output();
        let done = ran.and_then(|out| match out.status.success() {
            true => Ok(()),
            false => Err(io::Error::other(String::from_utf8_lossy(&out.stderr).trim().to_owned())),
        });
        done.and_then(|()| fs::File::open(&path)?.sync_all()).map_err(|e| Error::File(path, e))?;
        Ok(self.db.write_blocking(move |c| volume::grown(c, &id, bytes))?)
    }

    fn remove(&self, layer: &LayerRow) -> Result<(), Error> {
        let path = self.path(&layer.name);
        crate::fault::effect("volume file removed");
        gone(fs::remove_file(&path)).map_err(|e| Error::File(path, e))?;
        let name = layer.name.clone();
        Ok(self.db.write_blocking(move |c| db::volumes::delete_layer(c, &name))?)
    }

    /// Remove what no row knows: half-written files of a server that was killed.
    fn sweep(&self) -> Result<(), Error> {
        let known: HashSet<String> = self.db.read(db::volumes::all_layers)?.into_iter().map(|l| l.name).collect();
        for name in present(&self.dir).map_err(|e| Error::File(self.dir.clone(), e))? {
            if !known.contains(&name) {
                tracing::warn!(file = name, "removing a volume's file that no row knows");
                let path = self.path(&name);
                fs::remove_file(&path).map_err(|e| Error::File(path, e))?;
            }
        }
        Ok(())
    }
}

/// Names of the files below `dir`.
pub(super) fn present(dir: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// What is not there need not be removed.
pub(super) fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Log what failed; whether it was done.
fn tell(what: &str, done: Result<(), Error>) -> bool {
    if let Err(e) = &done {
        tracing::error!(what, error = %e, "working on a volume");
    }
    done.is_ok()
}

fn report(done: Result<Result<(), Error>, tokio::task::JoinError>) {
    match done {
        Ok(Ok(())) => {}
        Ok(Err(e)) => tracing::error!(error = %e, "working on volumes"),
        Err(e) => tracing::error!(error = %e, "working on volumes"),
    }
}
