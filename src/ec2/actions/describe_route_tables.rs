//! The caller's route tables.

use crate::ec2::describe::Listing;
use crate::ec2::registry::Action;
use crate::ec2::route_tables::TableItem;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::ends::Ends;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeRouteTables(Listing<TableItem>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    route_table_set: Vec<TableItem>,
    next_token: Option<String>,
}

impl Action for DescribeRouteTables {
    const NAME: &'static str = "DescribeRouteTables";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeRouteTables(Listing::read(p, Kind::RouteTable, "RouteTableId", "routeTableIds")?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let ends = cx.look(|c, account, region| Ok(Ends::of(c, account, region)?)).await?;
        let (route_table_set, next_token) =
            self.0.of_records(cx, |table, tags| TableItem::new(table, &ends, tags)).await?;
        Ok(Output { route_table_set, next_token })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn a_route_to_an_interface_follows_it() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let subnets = bench.call("Action=DescribeSubnets").await;
        let subnet = subnets.get("subnetId").unwrap();
        let card = bench.call(&format!("Action=CreateNetworkInterface&SubnetId={subnet}")).await;
        let eni = card.get("networkInterfaceId").unwrap();
        let tables = bench.call("Action=DescribeRouteTables").await;
        let table = tables.get("routeTableId").unwrap();
        let route = format!("RouteTableId={table}&DestinationCidrBlock=10.1.0.0/16&NetworkInterfaceId={eni}");
        assert_eq!(bench.call(&format!("Action=CreateRoute&{route}")).await.get("return"), Some("true"));
        let dead = "Action=DescribeRouteTables&Filter.1.Name=route.state&Filter.1.Value.1=blackhole";
        assert_eq!(bench.call(dead).await.all("routeTableId").len(), 2, "the table, and its main association");
        let run = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=1";
        let card = format!("NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.NetworkInterfaceId={eni}");
        let run = bench.call(&format!("{run}&{card}")).await;
        assert!(bench.call(dead).await.all("routeTableId").is_empty());
        let seen = bench.call("Action=DescribeRouteTables").await;
        assert_eq!(seen.get("instanceId"), run.get("instanceId"), "{}", seen.xml);
    }
}
