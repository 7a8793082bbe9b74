//! What a machine needs on this host before it is switched on.

use super::failure::StepError;
use crate::compute::driver::{self, MachineSpec};
use crate::compute::folder::Folder;
use crate::compute::options::Cpu;
use crate::compute::spec::Spec;
use crate::compute::{Compute, NO_BASE};
use crate::db::instances::InstanceRow;
use crate::images::Base;
use crate::network;
use crate::volumes::attachments;

impl Compute {
    /// Make the disk and the network port and define the machine; everything is found as it was when done again.
    pub(super) fn build(&self, row: &mut InstanceRow) -> Result<(), StepError> {
        let driver = self.driver.as_deref().expect("no pass without a driver");
        let mut spec = Spec::parse(&row.spec)?;
        let disk_base = (!spec.root_volume).then(|| self.base(driver, &spec.image_id)).transpose()?;
        let kernel = spec.kernel_id.as_deref().map(|id| self.base(driver, id)).transpose()?;
        let ramdisk = spec.ramdisk_id.as_deref().map(|id| self.base(driver, id)).transpose()?;
        let bases: Vec<String> = [disk_base.as_ref(), kernel.as_ref(), ramdisk.as_ref()]
            .into_iter()
            .flatten()
            .map(|b| b.digest.clone())
            .collect();
        (spec.bases, spec.redefine) = (bases, false);
        row.spec = spec.to_json();
        let folder = Folder::new(&self.dir, &row.id);
        let real = driver.is_real();
        folder.make(disk_base.as_ref().map(|base| (&*base.path, spec.root_bytes.max(base.virtual_size))), real)?;
        let nics = self.ensure_ports(row)?;
        let own = disk_base.map(|_| driver::Disk {
            path: folder.disk(),
            format: "qcow2",
            target: attachments::ROOT.into(),
            serial: "root".into(),
            read_only: false,
        });
        let disks: Vec<driver::Disk> = own.into_iter().chain(self.disks(row)?).collect();
        if driver.is_real() && disks.first().is_none_or(|disk| disk.target != attachments::ROOT) {
            return Err(StepError::NoRoot);
        }
        let cpu = Cpu::of(row, &spec.options);
        let machine = MachineSpec {
            id: row.id.clone(),
            uuid: driver::machine_uuid(&self.installation, &row.id),
            cores: cpu.cores,
            threads: cpu.threads,
            memory_mib: row.memory_mib as u64,
            accelerated: self.accelerated.get(),
            kernel: kernel.map(|k| driver::DirectKernel {
                kernel: k.path,
                ramdisk: ramdisk.map(|r| r.path),
                cmdline: "root=/dev/vda console=tty0 console=ttyS0".into(),
            }),
            disks,
            nics,
            console_log: folder.console_log(),
        };
        let xml = driver.define(&machine)?;
        if real {
            folder.keep_definition(&xml)?;
        }
        Ok(())
    }

    /// An image as a file to stand on. A simulated machine reads no disk, so its image is not converted.
    fn base(&self, driver: &dyn driver::Driver, image_id: &str) -> Result<Base, StepError> {
        if driver.is_real() {
            return Ok(self.images.base_image(image_id)?);
        }
        Ok(Base { path: NO_BASE.into(), virtual_size: 1 << 20, digest: image_id.to_owned() })
    }

    /// Make the ports of the interfaces on the host, unless machines have none.
    pub(super) fn ensure_ports(&self, row: &InstanceRow) -> Result<Vec<driver::NicSpec>, StepError> {
        let driver = self.driver.as_deref().expect("no pass without a driver");
        if !driver.is_real() {
            return Ok(Vec::new());
        }
        let nics = self.db.read(|c| network::nics_of(c, &row.id))?;
        if nics.is_empty() {
            return Err(StepError::NoInterface);
        }
        Ok(nics.iter().map(|nic| self.ensure_port(nic)).collect::<Result<_, _>>()?)
    }
}
