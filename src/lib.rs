//! Novella: a private EC2 and S3 in one binary.
//!
//! Rooms, from the top down; an arrow never points up (`tests/tidy` holds that):
//!
//! ```text
//! cli -> http -> { ec2, s3, imds } -> cloud -> { objects, images, compute, volumes, network, iam } -> { db, blobs, driver }
//! leaves: wire, auth (reads requests, asks iam's trait for keys), seal, id, clock, config, fault
//! ```
//!
//! `docs/architecture.md` tells the whole story.

pub mod auth;
pub mod blobs;
pub mod cli;
pub mod clock;
pub mod cloud;
pub mod compute;
pub mod config;
pub mod db;
pub mod ec2;
pub mod fault;
pub mod http;
pub mod iam;
pub mod id;
pub mod images;
pub mod imds;
pub mod network;
pub mod objects;
pub mod s3;
pub mod seal;
pub mod ssm;
pub mod volumes;
pub mod wire;
