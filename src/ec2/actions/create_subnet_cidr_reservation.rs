//! Reserve a part of a subnet: interfaces get addresses there only where they ask for them.

use crate::db::Conn;
use crate::db::tags::Tag;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, resource, tagging};
use crate::id::Kind;
use crate::network::records::Kept;
use crate::network::reservations::Reservation;
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateSubnetCidrReservation {
    subnet: String,
    cidr: String,
    kind: String,
    description: String,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    subnet_cidr_reservation: Item,
}

/// One reservation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub(super) subnet_cidr_reservation_id: String,
    pub(super) subnet_id: String,
    cidr: String,
    pub(super) reservation_type: String,
    owner_id: String,
    description: Option<String>,
    pub(super) tag_set: Vec<Tag>,
}

impl Item {
    /// A reservation with its tags.
    pub(super) fn new(kept: Kept<Reservation>, tag_set: Vec<Tag>) -> Item {
        Item {
            subnet_cidr_reservation_id: kept.id,
            subnet_id: kept.it.subnet,
            cidr: kept.it.cidr,
            reservation_type: kept.it.kind,
            owner_id: kept.account,
            description: Some(kept.it.description).filter(|text| !text.is_empty()),
            tag_set,
        }
    }
}

impl Action for CreateSubnetCidrReservation {
    const NAME: &'static str = "CreateSubnetCidrReservation";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["subnet-cidr-reservation"])?;
        let kind = p.req("ReservationType")?;
        if !["prefix", "explicit"].contains(&kind) {
            return Err(p.invalid("ReservationType", kind, "Expecting prefix or explicit.").into());
        }
        Ok(CreateSubnetCidrReservation {
            subnet: p.id("SubnetId", Kind::Subnet)?.to_owned(),
            cidr: p.req("Cidr")?.to_owned(),
            kind: kind.to_owned(),
            description: p.opt("Description").unwrap_or_default().to_owned(),
            tags: tagging::of(&specifications, "subnet-cidr-reservation"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let subnet = crate::network::subnet(c, account, region, &self.subnet)?;
            let it = Reservation::new(c, &subnet, &self.cidr, &self.kind, &self.description)?;
            let made = resource::make(c, account, region, it, &self.tags)?;
            Ok(Output { subnet_cidr_reservation: Item::new(made, self.tags) })
        };
        cx.change(job).await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn nobody_is_given_a_reserved_address_unasked() {
        let bench = Bench::new();
        let subnets =
            bench.call("Action=DescribeSubnets&Filter.1.Name=availability-zone&Filter.1.Value.1=us-east-1a").await;
        let subnet = subnets.get("subnetId").unwrap();
        let reserve = |cidr: &str| {
            format!("Action=CreateSubnetCidrReservation&SubnetId={subnet}&ReservationType=explicit&Cidr={cidr}")
        };
        let made = bench.call(&reserve("172.31.0.0/28")).await;
        assert_eq!(made.get("reservationType"), Some("explicit"), "{}", made.xml);
        for cidr in ["172.31.0.8/30", "10.0.0.0/28", "172.31.0.0/16"] {
            assert_eq!(bench.call(&reserve(cidr)).await.code(), "InvalidParameterValue", "{cidr}");
        }
        let create = format!("Action=CreateNetworkInterface&SubnetId={subnet}");
        assert_eq!(bench.call(&create).await.get("privateIpAddress"), Some("172.31.0.16"));
        let asked = bench.call(&format!("{create}&PrivateIpAddress=172.31.0.9")).await;
        assert_eq!(asked.get("privateIpAddress"), Some("172.31.0.9"), "{}", asked.xml);
        let seen = bench.call(&format!("Action=GetSubnetCidrReservations&SubnetId={subnet}")).await;
        let id = seen.get("subnetCidrReservationId").unwrap();
        let delete = format!("Action=DeleteSubnetCidrReservation&SubnetCidrReservationId={id}");
        assert_eq!(bench.call_other(&delete).await.code(), "InvalidSubnetCidrReservationID.NotFound");
        assert_eq!(bench.call(&delete).await.get("subnetCidrReservationId"), Some(id));
        assert_eq!(bench.call(&create).await.get("privateIpAddress"), Some("172.31.0.4"));
    }
}
