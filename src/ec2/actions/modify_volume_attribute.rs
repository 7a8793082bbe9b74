//! Whether a volume's I/O goes on by itself after AWS doubted its data. It is kept; nobody doubts it here.

use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, attribute};
use crate::id::Kind;
use crate::volumes;
use crate::wire::query::Params;

pub struct ModifyVolumeAttribute {
    id: String,
    auto_io: bool,
}

impl Action for ModifyVolumeAttribute {
    const NAME: &'static str = "ModifyVolumeAttribute";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let id = p.id("VolumeId", Kind::Volume)?.to_owned();
        let Some((name, value)) = attribute::new_value(p, &["autoEnableIO"])? else {
            return Err(Error::ParameterCombination("No attributes specified.".into()));
        };
        Ok(ModifyVolumeAttribute { id, auto_io: attribute::flag(p, name, value)? })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut volume = volumes::need(c, account, region, &self.id)?;
            volume.row.auto_io = self.auto_io;
            Ok(db::volumes::update(c, &volume.row)?)
        };
        cx.change(job).await?;
        Ok(Done::YES)
    }
}
