//! Ask for a log of a network's packets. It is a record, and says of itself that its delivery fails: no packets are logged here.

use super::create_store_image_task::blocking;
use crate::clock;
use crate::db::Conn;
use crate::db::tags::Tag;
use crate::ec2::idempotency::Token;
use crate::ec2::registry::Action;
use crate::ec2::unsuccessful::Unsuccessful;
use crate::ec2::{Cx, Error, resource, tagging};
use crate::images::tasks::Object;
use crate::network::flow_logs::{self, Destination, Files, FlowLog, Of};
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct CreateFlowLogs {
    resources: Vec<String>,
    of: Of,
    log: FlowLog,
    token: Token,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    client_token: Option<String>,
    flow_log_id_set: Vec<String>,
    unsuccessful: Vec<Unsuccessful>,
}

/// The fields of a line when the request names none.
const FORMAT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} \
                      ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";
const CLOUD_WATCH: &str = "cloud-watch-logs";
const S3: &str = "s3";
const KINDS: &[&str] = &[CLOUD_WATCH, S3, "kinesis-data-firehose"];

impl Action for CreateFlowLogs {
    const NAME: &'static str = "CreateFlowLogs";
    const REFUSED: &'static [&'static str] = &["TagFieldSpecification"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let of = match p.req("ResourceType")? {
            "VPC" => Of::Vpc,
            "Subnet" => Of::Subnet,
            "NetworkInterface" => Of::Interface,
            other => return Err(Error::Unsupported(format!("flow logs of the resource type {other}"))),
        };
        let resources: Vec<String> = p.ids("ResourceId", of.kind())?.into_iter().map(str::to_owned).collect();
        if resources.is_empty() {
            return Err(query::Error::Missing("ResourceId".into()).into());
        }
        let traffic = p.req("TrafficType")?;
        if !["ACCEPT", "REJECT", "ALL"].contains(&traffic) {
            return Err(p.invalid("TrafficType", traffic, "Expecting ACCEPT, REJECT or ALL.").into());
        }
        let interval = p.opt_int("MaxAggregationInterval", 60..=600)?.unwrap_or(600);
        if ![60, 600].contains(&interval) {
            return Err(Error::Parameter("Invalid Flow Log Max Aggregation Interval".into()));
        }
        let specifications = tagging::specifications(p, &["vpc-flow-log"])?;
        let log = FlowLog {
            resource: String::new(),
            traffic: traffic.to_owned(),
            to: destination(p)?,
            format: p.opt("LogFormat").filter(|text| !text.is_empty()).unwrap_or(FORMAT).to_owned(),
            interval,
            created_at: clock::now_ms(),
        };
        Ok(CreateFlowLogs {
            resources,
            of,
            log,
            token: Token::read(p, Self::NAME)?,
            tags: tagging::of(&specifications, "vpc-flow-log"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let CreateFlowLogs { resources, of, log, token, tags } = self;
        if let Some(unsuccessful) = unreachable(cx, &log.to, &resources).await {
            return Ok(Output { client_token: token.text(), flow_log_id_set: Vec::new(), unsuccessful });
        }
        let job = move |c: &Conn, account: &str, region: &str| {
            let client_token = token.text();
            let mut output = Output { client_token, flow_log_id_set: Vec::new(), unsuccessful: Vec::new() };
            if let Some(made) = token.made(c, account, region)? {
                output.flow_log_id_set = made.split_whitespace().map(str::to_owned).collect();
                return Ok(output);
            }
            for id in resources {
                let log = FlowLog { resource: id.clone(), ..log.clone() };
                match flow_logs::check(c, account, region, of, &log).map_err(Error::from) {
                    Ok(()) => output.flow_log_id_set.push(resource::make(c, account, region, log, &tags)?.id),
                    Err(e @ (Error::Database(_) | Error::Internal(_))) => return Err(e),
                    Err(e) => output.unsuccessful.push(Unsuccessful::new(id, e.wire().0.to_owned(), &e)),
                }
            }
            token.keep(c, account, region, &output.flow_log_id_set.join(" "))?;
            Ok(output)
        };
        cx.change(job).await
    }
}

/// Read where the log is to go.
fn destination(p: &Params<'_>) -> Result<Destination, Error> {
    let owned = |name| p.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let wrong = |sentence: &str| Err(Error::Parameter(sentence.into()));
    let kind = p.opt("LogDestinationType").filter(|text| !text.is_empty()).unwrap_or(CLOUD_WATCH);
    if !KINDS.contains(&kind) {
        return Err(p.invalid("LogDestinationType", kind, format!("Expecting one of {}.", KINDS.join(", "))).into());
    }
    let files = p.nested("DestinationOptions").map(|options| {
        let flag = |name| Ok::<_, query::Error>(options.opt_bool(name)?.unwrap_or(false));
        let format = options.opt("FileFormat").unwrap_or("plain-text").to_owned();
        if !["plain-text", "parquet"].contains(&format.as_str()) {
            return Err(options.invalid("FileFormat", &format, "Expecting plain-text or parquet."));
        }
        Ok(Files { format, hive: flag("HiveCompatiblePartitions")?, hourly: flag("PerHourPartition")? })
    });
    let to = Destination {
        kind: kind.to_owned(),
        arn: owned("LogDestination"),
        group_name: owned("LogGroupName"),
        role: owned("DeliverLogsPermissionArn"),
        cross_account_role: owned("DeliverCrossAccountRole"),
        files: files.transpose()?,
    };
    match (kind == CLOUD_WATCH, &to.arn, &to.group_name) {
        (_, None, None) => wrong("LogDestination can't be empty if LogGroupName is not provided."),
        (_, Some(_), Some(_)) => wrong("Please only provide LogGroupName or only provide LogDestination."),
        (false, None, Some(_)) => wrong("LogDestination type must be cloud-watch-logs if LogGroupName is provided."),
        (true, _, _) if to.role.is_none() => {
            wrong("DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.")
        }
        (true, _, _) if to.files.is_some() => wrong("DestinationOptions are for files in a bucket."),
        (_, _, _) => Ok(to),
    }
}

/// What becomes of all the resources when the log's bucket is not there for the caller.
async fn unreachable(cx: &Cx, to: &Destination, resources: &[String]) -> Option<Vec<Unsuccessful>> {
    let arn = to.arn.as_deref().filter(|_| to.kind == S3)?;
    let path = arn.strip_prefix("arn:aws:s3:::").unwrap_or(arn).to_owned();
    let (bucket, prefix) = path.split_once('/').unwrap_or((&path, ""));
    let place = Object { bucket: bucket.to_owned(), key: format!("{prefix}/AWSLogs") };
    let (images, account) = (cx.cloud.images.clone(), cx.caller.account.clone());
    let reached = blocking(move || images.check_target(&account, &place)).await;
    let why = Error::Parameter(format!("LogDestination: {bucket} does not exist"));
    let one = |id: &String| Unsuccessful::new(id.clone(), "400".into(), &why);
    reached.is_err().then(|| resources.iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn a_flow_log_says_that_it_is_not_delivered() {
        let bench = Bench::new();
        let vpc = bench.call("Action=DescribeVpcs").await;
        let vpc = vpc.get("vpcId").unwrap();
        let of = |id: &str| format!("Action=CreateFlowLogs&ResourceType=VPC&ResourceId.1={id}&TrafficType=ALL");
        let to = "LogGroupName=flows&DeliverLogsPermissionArn=arn:aws:iam::123456789012:role/flows";
        let tag = "TagSpecification.1.ResourceType=vpc-flow-log&TagSpecification.1.Tag.1.Key=a";
        let create = format!("{}&{to}&{tag}&ClientToken=t", of(vpc));
        let made = bench.call(&create).await;
        let id = made.all("item")[0];
        assert!(id.starts_with("fl-") && made.get("unsuccessful") == Some(""), "{}", made.xml);
        assert_eq!(bench.call(&create).await.all("item"), [id], "the same token");
        let again = bench.call(&format!("{}&{to}", of(vpc))).await;
        assert_eq!((again.get("code"), again.get("resourceId")), (Some("FlowLogAlreadyExists"), Some(vpc)));
        let none = bench.call(&format!("{}&{to}", of("vpc-12345678"))).await;
        assert_eq!(none.get("code"), Some("InvalidVpcID.NotFound"), "{}", none.xml);
        let bucket = format!("{}&LogDestinationType=s3&LogDestination=arn:aws:s3:::nobucket/x", of(vpc));
        assert_eq!(bench.call(&bucket).await.get("message"), Some("LogDestination: nobucket does not exist"));
        let filter =
            format!("Filter.1.Name=resource-id&Filter.1.Value.1={vpc}&Filter.2.Name=tag-key&Filter.2.Value.1=a");
        let seen = bench.call(&format!("Action=DescribeFlowLogs&{filter}")).await;
        assert_eq!((seen.get("flowLogStatus"), seen.get("deliverLogsStatus")), (Some("ACTIVE"), Some("FAILED")));
        assert_eq!(seen.get("deliverLogsErrorMessage").map(|text| text.starts_with("Unknown error")), Some(true));
        let delete = |id: &str| format!("Action=DeleteFlowLogs&FlowLogId.1={id}");
        assert_eq!(bench.call_other(&delete(id)).await.code(), "InvalidFlowLogId.NotFound");
        assert_eq!(bench.call(&delete(id)).await.get("unsuccessful"), Some(""));
        assert!(bench.call(&format!("Action=DescribeFlowLogs&FlowLogId.1={id}")).await.all("flowLogId").is_empty());
        for (more, code) in [
            ("LogGroupName=flows", "InvalidParameter"),
            ("LogDestinationType=s3&LogGroupName=flows", "InvalidParameter"),
            ("LogDestinationType=tape&LogGroupName=flows", "InvalidParameterValue"),
            ("", "InvalidParameter"),
        ] {
            assert_eq!(bench.call(&format!("{}&{more}", of(vpc))).await.code(), code, "{more}");
        }
        let gateway = of(vpc).replace("=VPC", "=TransitGateway");
        assert_eq!(bench.call(&format!("{gateway}&{to}")).await.code(), "UnsupportedOperation");
    }
}
