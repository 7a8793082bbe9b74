//! Looking parameters up: pure, from the operator's table to AWS's JSON.

use super::{Refusal, refuse};
use crate::config::Parameters;
use serde_json::{Map, Value, json};

/// The parameters of a region.
pub struct Book<'c> {
    pub parameters: &'c Parameters,
    pub region: &'c str,
    /// Seconds since the epoch.
    pub since: i64,
}

type Asked = Map<String, Value>;

/// The most names of a GetParameters, and the most parameters of a page.
const MOST: usize = 10;

fn text<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    asked.get(name).and_then(Value::as_str)
}

impl Book<'_> {
    fn document(&self, name: &str, value: &str, selector: &str) -> Value {
        // Public parameters, those below /aws, are nobody's.
        let mut document = json!({
            "Name": name,
            "Type": "String",
            "Value": value,
            "Version": 1,
            "LastModifiedDate": self.since as f64,
            "ARN": format!("arn:aws:ssm:{}::parameter/{}", self.region, name.trim_start_matches('/')),
            "DataType": if value.starts_with("ami-") { "aws:ec2:image" } else { "text" },
        });
        if !selector.is_empty() {
            document["Selector"] = selector.into();
        }
        document
    }

    fn find(&self, asked: &str) -> Option<Value> {
        let (name, selector) = Parameters::split(asked);
        self.parameters.value(asked).map(|value| self.document(name, value, selector))
    }

    pub fn get_parameter(&self, asked: &Asked) -> Result<Value, Refusal> {
        let Some(name) = text(asked, "Name").filter(|n| !n.is_empty()) else {
            return refuse("ValidationException", "1 validation error detected: Value at 'name' must not be null");
        };
        match self.find(name) {
            Some(found) => Ok(json!({ "Parameter": found })),
            None => match Parameters::split(name) {
                (name, version) if self.parameters.value(name).is_some() => refuse(
                    "ParameterVersionNotFound",
                    format!("Systems Manager could not find version {version} of {name}."),
                ),
                _ => refuse("ParameterNotFound", ""),
            },
        }
    }

    pub fn get_parameters(&self, asked: &Asked) -> Result<Value, Refusal> {
        let names = asked.get("Names").and_then(Value::as_array).into_iter().flatten();
        let names: Vec<&str> = names.filter_map(Value::as_str).collect();
        if names.is_empty() || names.len() > MOST {
            return refuse(
                "ValidationException",
                "1 validation error detected: Value at 'names' must have length between 1 and 10",
            );
        }
        let missing: Vec<&&str> = names.iter().filter(|name| self.parameters.value(name).is_none()).collect();
        let found: Vec<Value> = names.iter().filter_map(|name| self.find(name)).collect();
        Ok(json!({ "Parameters": found, "InvalidParameters": missing }))
    }

    pub fn get_parameters_by_path(&self, asked: &Asked) -> Result<Value, Refusal> {
        let Some(path) = text(asked, "Path").filter(|p| p.starts_with('/')) else {
            return refuse("ValidationException", "The parameter path must begin with a slash (/).");
        };
        let limit = match asked.get("MaxResults") {
            None => MOST,
            Some(n) => match n.as_u64() {
                Some(n) if (1..=MOST as u64).contains(&n) => n as usize,
                _ => return refuse("ValidationException", "MaxResults must be between 1 and 10"),
            },
        };
        let deep = asked.get("Recursive").and_then(Value::as_bool).unwrap_or(false);
        let folder = format!("{}/", path.trim_end_matches('/'));
        let after = text(asked, "NextToken").unwrap_or_default();
        let below = self.parameters.0.iter().filter(|(name, _)| {
            name.strip_prefix(&folder).is_some_and(|rest| deep || !rest.contains('/')) && name.as_str() > after
        });
        let mut page: Vec<_> = below.take(limit + 1).collect();
        let more = page.len() > limit;
        page.truncate(limit);
        let documents: Vec<Value> = page.iter().map(|(name, value)| self.document(name, value, "")).collect();
        let mut answer = json!({ "Parameters": documents });
        if let Some((last, _)) = page.last().filter(|_| more) {
            answer["NextToken"] = Value::from(last.as_str());
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(how: &str, asked: Value) -> Result<Value, Refusal> {
        let table = [("/aws/service/a/latest", "ami-12345678"), ("/aws/service/b", "x"), ("/aws/other", "y")];
        let parameters = Parameters(table.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect());
        let Value::Object(asked) = asked else { panic!("{asked}") };
        let book = Book { parameters: &parameters, region: "us-east-1", since: 5 };
        match how {
            "one" => book.get_parameter(&asked),
            "several" => book.get_parameters(&asked),
            _ => book.get_parameters_by_path(&asked),
        }
    }

    #[test]
    fn a_parameter_is_found_by_name_version_and_arn() {
        for name in [
            "/aws/service/a/latest",
            "/aws/service/a/latest:1",
            "arn:aws:ssm:us-east-1::parameter/aws/service/a/latest",
        ] {
            let found = call("one", json!({ "Name": name })).unwrap();
            assert_eq!(found["Parameter"]["Value"], "ami-12345678", "{name}");
            assert_eq!(found["Parameter"]["Name"], "/aws/service/a/latest");
        }
        for (name, exception) in [
            ("/aws/nothing", "ParameterNotFound"),
            ("/aws/other:2", "ParameterVersionNotFound"),
            ("", "ValidationException"),
        ] {
            assert_eq!(call("one", json!({ "Name": name })).unwrap_err().exception, exception);
        }
    }

    #[test]
    fn several_are_found_and_the_rest_is_named() {
        let answer = call("several", json!({ "Names": ["/aws/other", "no"] })).unwrap();
        assert_eq!(answer["Parameters"][0]["Value"], "y");
        assert_eq!(answer["InvalidParameters"], json!(["no"]));
        assert!(call("several", json!({ "Names": [] })).is_err());
    }

    #[test]
    fn paths_are_listed_by_level_and_page() {
        let names = |asked| {
            let answer = call("path", asked).unwrap();
            let of = |p: &Value| p["Name"].as_str().unwrap().to_owned();
            let names: Vec<String> = answer["Parameters"].as_array().unwrap().iter().map(of).collect();
            (names, answer.get("NextToken").and_then(Value::as_str).map(str::to_owned))
        };
        assert_eq!(names(json!({ "Path": "/aws/service" })).0, ["/aws/service/b"]);
        let (first, token) = names(json!({ "Path": "/aws", "Recursive": true, "MaxResults": 2 }));
        assert_eq!(first, ["/aws/other", "/aws/service/a/latest"]);
        let (rest, end) = names(json!({ "Path": "/aws", "Recursive": true, "MaxResults": 2, "NextToken": token }));
        assert_eq!((rest.as_slice(), end), (["/aws/service/b".to_owned()].as_slice(), None));
    }
}
