//! A VPC's ranges as answers write them.

use crate::network::vpcs::CidrBlock;
use serde::Serialize;

/// A range with how it is joined to its VPC.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockItem {
    pub cidr_block: String,
    pub association_id: String,
    cidr_block_state: BlockState,
}

#[derive(Serialize)]
struct BlockState {
    state: &'static str,
}

impl BlockItem {
    /// A range in AWS's word for its state: `associating`, `associated`, `disassociating`.
    pub fn new(block: CidrBlock, state: &'static str) -> BlockItem {
        BlockItem { cidr_block: block.cidr, association_id: block.id, cidr_block_state: BlockState { state } }
    }
}

/// What changing a VPC's ranges answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    pub vpc_id: String,
    pub cidr_block_association: BlockItem,
}
