//! Make a prefix list, for routes and security groups' rules. Like these it is a record yet.

use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::ec2::idempotency::Token;
use crate::ec2::prefix_lists::{ListItem, entries};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, resource, tagging};
use crate::id::Kind;
use crate::network::prefix_lists::{self, MOST_ENTRIES, PrefixList};
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateManagedPrefixList {
    list: PrefixList,
    token: Token,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub(super) prefix_list: ListItem,
}

/// A list's name, which must not look like AWS's own.
pub(super) fn name<'a>(p: &Params<'a>) -> Result<&'a str, Error> {
    let name = p.req("PrefixListName")?;
    if name.len() > 255 || name.starts_with("com.amazonaws") {
        return Err(p
            .invalid(
                "PrefixListName",
                name,
                "Names have at most 255 characters, and AWS's own begin with com.amazonaws.",
            )
            .into());
    }
    Ok(name)
}

impl Action for CreateManagedPrefixList {
    const NAME: &'static str = "CreateManagedPrefixList";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["prefix-list"])?;
        let v6 = match p.req("AddressFamily")? {
            "IPv4" => false,
            "IPv6" => true,
            other => return Err(p.invalid("AddressFamily", other, "Expecting IPv4 or IPv6.").into()),
        };
        let most = p.int("MaxEntries", 1..=i64::from(MOST_ENTRIES))? as u32;
        Ok(CreateManagedPrefixList {
            list: PrefixList::new(name(p)?, v6, most, entries(p, "Entry")?)?,
            token: Token::read(p, Self::NAME)?,
            tags: tagging::of(&specifications, "prefix-list"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let made = self.token.once(c, account, region, || {
                let made = prefix_lists::create(c, account, region, self.list)?;
                resource::put_tags(c, account, region, Kind::PrefixList, &made.id, &self.tags)?;
                Ok(made)
            })?;
            let tags = db::tags::of(c, account, &made.id)?;
            Ok(Output { prefix_list: ListItem::new(made, tags).while_it("create-in-progress") })
        };
        cx.change(job).await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn a_list_is_used_by_routes_and_rules_and_then_stays() {
        let bench = Bench::new();
        let create = "Action=CreateManagedPrefixList&PrefixListName=offices&MaxEntries=3&AddressFamily=IPv4";
        let made =
            bench.call(&format!("{create}&Entry.1.Cidr=10.9.0.1/16&Entry.1.Description=Ulm&ClientToken=t")).await;
        assert_eq!((made.get("state"), made.get("version")), (Some("create-in-progress"), Some("1")), "{}", made.xml);
        let id = made.get("prefixListId").unwrap();
        let entries = format!("Action=GetManagedPrefixListEntries&PrefixListId={id}");
        let seen = bench.call(&entries).await;
        assert_eq!((seen.get("cidr"), seen.get("description")), (Some("10.9.0.0/16"), Some("Ulm")), "{}", seen.xml);
        let modify = format!("Action=ModifyManagedPrefixList&PrefixListId={id}");
        let changed = bench.call(&format!("{modify}&CurrentVersion=1&AddEntry.1.Cidr=10.8.0.0/16")).await;
        assert_eq!(
            (changed.get("state"), changed.get("version")),
            (Some("modify-in-progress"), Some("2")),
            "{}",
            changed.xml
        );
        for (form, code) in [
            ("CurrentVersion=1&AddEntry.1.Cidr=10.7.0.0/16", "PrefixListVersionMismatch"),
            ("CurrentVersion=2&RemoveEntry.1.Cidr=10.7.0.0/16", "InvalidParameterValue"),
            ("MaxEntries=1", "PrefixListMaxEntriesExceeded"),
            ("MaxEntries=5&AddEntry.1.Cidr=10.7.0.0/16", "InvalidParameterCombination"),
            ("AddEntry.1.Cidr=10.7.0.0/16&AddEntry.2.Cidr=10.6.0.0/16", "PrefixListMaxEntriesExceeded"),
        ] {
            assert_eq!(bench.call(&format!("{modify}&{form}")).await.code(), code, "{form}");
        }
        assert_eq!(bench.call(&format!("{entries}&TargetVersion=1")).await.all("cidr"), ["10.9.0.0/16"]);
        assert_eq!(bench.call(&format!("{entries}&TargetVersion=7")).await.code(), "InvalidParameterValue");
        let restore =
            format!("Action=RestoreManagedPrefixListVersion&PrefixListId={id}&PreviousVersion=1&CurrentVersion=2");
        assert_eq!(bench.call(&restore).await.get("version"), Some("3"));

        let tables = bench.call("Action=DescribeRouteTables").await;
        let table = tables.get("routeTableId").unwrap();
        let gateways = bench.call("Action=DescribeInternetGateways").await;
        let route = format!("RouteTableId={table}&DestinationPrefixListId={id}");
        let add = format!("Action=CreateRoute&{route}&GatewayId={}", gateways.get("internetGatewayId").unwrap());
        assert_eq!(bench.call(&add.replace(id, "pl-12345678")).await.code(), "InvalidPrefixListID.NotFound");
        assert_eq!(bench.call(&add).await.get("return"), Some("true"));
        let by =
            format!("Action=DescribeRouteTables&Filter.1.Name=route.destination-prefix-list-id&Filter.1.Value.1={id}");
        assert_eq!(bench.call(&by).await.get("routeTableId"), Some(table));
        let groups = bench.call("Action=DescribeSecurityGroups").await;
        let group = groups.get("groupId").unwrap();
        let rule = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22";
        let authorize = format!("Action=AuthorizeSecurityGroupIngress&GroupId={group}&{rule}");
        let added = bench.call(&format!("{authorize}&IpPermissions.1.PrefixListIds.1.PrefixListId={id}")).await;
        assert_eq!(added.get("prefixListId"), Some(id), "{}", added.xml);
        let by =
            format!("Action=DescribeSecurityGroups&Filter.1.Name=ip-permission.prefix-list-id&Filter.1.Value.1={id}");
        assert_eq!(bench.call(&by).await.get("groupId"), Some(group));
        let users = bench.call(&format!("Action=GetManagedPrefixListAssociations&PrefixListId={id}")).await;
        assert_eq!(users.all("resourceId"), [table, group], "{}", users.xml);
        let delete = format!("Action=DeleteManagedPrefixList&PrefixListId={id}");
        assert_eq!(bench.call(&delete).await.code(), "DependencyViolation");
        assert_eq!(bench.call(&format!("Action=DeleteRoute&{route}")).await.get("return"), Some("true"));
        let revoke = authorize.replace("Authorize", "Revoke");
        bench.call(&format!("{revoke}&IpPermissions.1.PrefixListIds.1.PrefixListId={id}")).await;
        assert_eq!(bench.call_other(&delete).await.code(), "InvalidPrefixListID.NotFound");
        assert_eq!(bench.call(&delete).await.get("state"), Some("delete-in-progress"));
        assert_eq!(bench.call(&entries).await.code(), "InvalidPrefixListID.NotFound");
    }

    #[tokio::test]
    async fn amazons_own_list_is_seen_by_everybody_and_changed_by_nobody() {
        let bench = Bench::new();
        let seen =
            bench.call_other("Action=DescribeManagedPrefixLists&Filter.1.Name=owner-id&Filter.1.Value.1=AWS").await;
        assert_eq!(seen.get("prefixListName"), Some("com.amazonaws.us-east-1.s3"), "{}", seen.xml);
        let id = seen.get("prefixListId").unwrap();
        assert_eq!(bench.call("Action=DescribePrefixLists").await.get("prefixListId"), Some(id));
        let entries = bench.call(&format!("Action=GetManagedPrefixListEntries&PrefixListId={id}")).await;
        assert_eq!(entries.status, 200, "{}", entries.xml);
        let delete = format!("Action=DeleteManagedPrefixList&PrefixListId={id}");
        assert_eq!(bench.call(&delete).await.code(), "InvalidPrefixListID.NotFound");
        let create = "Action=CreateManagedPrefixList&MaxEntries=3&AddressFamily=IPv4&PrefixListName=com.amazonaws.x";
        assert_eq!(bench.call(create).await.code(), "InvalidParameterValue");
    }
}
